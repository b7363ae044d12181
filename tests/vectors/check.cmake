# cmake -DMAKE=make_vectors -DNAME=header -P check.cmake: fails when the file differs from what the program prints.
execute_process(COMMAND ${MAKE} ${NAME} OUTPUT_VARIABLE printed RESULT_VARIABLE failed)
file(READ ${CMAKE_CURRENT_LIST_DIR}/${NAME}.json kept)
if(failed OR NOT printed STREQUAL kept)
  message(FATAL_ERROR "${NAME}.json is not what make_vectors prints")
endif()

/* libconfig 1.5 forgets a few bytes of text when what it reads is no configuration. That is the library's, happens once for each file that a person wrote wrong, and is
 * not what these targets look for. */
#ifndef TESTS_FUZZ_LIBCONFIG_LEAK_H
#define TESTS_FUZZ_LIBCONFIG_LEAK_H

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

#endif

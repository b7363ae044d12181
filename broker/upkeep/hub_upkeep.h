/* The hub's own commands for its operator: liaison-broker doctor | backup | restore. Each reads while the broker may be running, and prints. Thread: main. */
#ifndef BROKER_UPKEEP_HUB_UPKEEP_H
#define BROKER_UPKEEP_HUB_UPKEEP_H

#include <stdbool.h>

/* doctor | backup FOLDER [--keys] | restore FOLDER, each with -c FILE, as the first argument. False: none of them. Otherwise it is done, *ret_code the program's. */
bool hub_upkeep(int argc, char **argv, int *ret_code);

#endif

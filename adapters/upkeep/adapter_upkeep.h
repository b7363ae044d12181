/* An adapter's own commands for its operator: liaison-adapter doctor | backup | restore. Each reads while the adapter may be running, and prints. Thread: main. */
#ifndef ADAPTERS_UPKEEP_ADAPTER_UPKEEP_H
#define ADAPTERS_UPKEEP_ADAPTER_UPKEEP_H

#include "adapters/runtime/options.h"

/* Each gives the program's exit code. file: the configuration, from which the options are; options NULL: it has faults, which were printed. */
int adapter_upkeep_doctor(const char *file, const struct options *options, bool json);
int adapter_upkeep_backup(const char *file, const struct options *options, const char *folder, bool with_keys);
int adapter_upkeep_restore(const struct options *options, const char *folder);

#endif

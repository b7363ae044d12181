/* What the configuration says of the parties of a deadline. Thread: router, pure. */
#ifndef BROKER_EXCHANGE_EXCHANGE_PARTY_H
#define BROKER_EXCHANGE_EXCHANGE_PARTY_H

#include "broker/exchange/exchange.h"

/* NULL: not enrolled. */
const struct settings_party *exchange_party(const struct settings *settings, struct bytes name);
bool exchange_party_has_role(const struct settings_party *party, const char *role);
/* Whether it may originate one of the types; true when there are none to say so. */
bool exchange_party_may_send(const struct exchange *exchange, struct bytes name, char *const *types, size_t count);

/* A list of enrolled parties, each once. Views into the settings. */
struct exchange_party_list {
	const char **at;
	size_t count, cap;
};
void exchange_party_list_done(struct exchange_party_list *list);
/* Adds a party if it is enrolled, whose supervisors, or all of a role. */
void exchange_party_list_add(struct exchange_party_list *list, const struct settings *settings, struct bytes name);
void exchange_party_list_supervisors(struct exchange_party_list *list, const struct settings *settings, struct bytes of);
void exchange_party_list_role(struct exchange_party_list *list, const struct settings *settings, const char *role);

#endif

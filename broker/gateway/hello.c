#include "broker/gateway/hello.h"

#include "base/clock.h"
#include "base/text.h"
#include "schemas/frame.h"
#include "schemas/party.h"

static result check_party(const struct mandate *mandate, const struct signer *tls_peer, struct bytes party, struct err *err)
{
	char shown[PARTY_MAX + 1];
	text_safe(party, shown, sizeof(shown));
	if (!bytes_is(party, signer_party(tls_peer)))
		return err_set(err, CODE_NOT_YOUR_PARTY, "party", "HELLO says %s, the TLS certificate %s", shown, signer_party(tls_peer));
	if (!mandate_names(mandate, party))
		return err_set(err, CODE_NOT_ENROLLED, "party", "%s is not enrolled at this hub", shown);
	return OK;
}

result hello_judge(const struct mandate *mandate, const struct signer *tls_peer, struct bytes frame, struct signer **ret_signer,
                   int64_t *ret_known, struct err *err)
{
	struct frame_hello hello;
	struct signer *signer = NULL;
	TRY(frame_hello_decode(frame, &hello, err));
	TRY(check_party(mandate, tls_peer, hello.party, err));
	TRY(trust_judge(mandate->trust, hello.chain, hello.chain_count, TRUST_SIGN_PARTY, clock_wall_ms(), false, &signer, err));
	if (!bytes_is(hello.party, signer_party(signer))) {
		result r = err_set(err, CODE_NOT_YOUR_PARTY, "certificates", "the signing certificate is of %s", signer_party(signer));
		signer_unref(signer);
		return r;
	}
	*ret_signer = signer;
	*ret_known = hello.version == 1 ? -1 : hello.known;
	return OK;
}

result hello_rejudge(const struct mandate *mandate, const struct signer *signer, struct err *err)
{
	if (!mandate_names(mandate, bytes_text(signer_party(signer))))
		return err_set(err, CODE_NOT_ENROLLED, "party", "%s is no longer enrolled at this hub", signer_party(signer));
	return trust_rejudge(mandate->trust, signer, TRUST_SIGN_PARTY, clock_wall_ms(), false, err);
}

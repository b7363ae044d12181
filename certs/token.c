#include "certs/token.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "certs/token_module.h"

enum { ATTRIBUTE_MAX = 16384, RETRIES = 5, PAUSE_MS = 10 };

struct token {
	struct token_uri uri;
	enum token_class class;
	pthread_mutex_t guard;
	struct token_module *module;
	ck_session_handle_t session;
	ck_object_handle_t key;
	pid_t pid;         /* whose session it is */
	unsigned generation; /* of the module, when it began */
	bool is_open;
	bool was_open;
	bool is_spoiled;   /* the token refused the PIN */
	struct err spoilt; /* with this; not tried again */
	enum token_key_type type;
};

static struct ck_function_list *calls(const struct token *token)
{
	return token->module->functions;
}

/* ---- session ---- */

/* A parent's session is not the child's, and none outlives its module. */
static bool is_live(const struct token *token)
{
	return token->is_open && token->pid == getpid() && token->generation == atomic_load(&token->module->generation);
}

static void hang_up(struct token *token)
{
	if (is_live(token))
		calls(token)->C_CloseSession(token->session);
	token->is_open = false;
}

static bool is_about_pin(ck_rv_t rv)
{
	return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_EXPIRED || rv == CKR_PIN_LOCKED;
}

/* Programs that met once do not meet again. */
static void pause_before_retry(int tries)
{
	long pause_ms = PAUSE_MS << tries;

	nanosleep(&(struct timespec){.tv_nsec = (pause_ms + getpid() % pause_ms) * 1000000L}, NULL);
}

/* A token that is busy with another program's login may fail this one without a word about the PIN, which is then not counted as a wrong one. */
static ck_rv_t log_in_patiently(struct token *token, char *pin, size_t len)
{
	ck_rv_t rv = calls(token)->C_Login(token->session, CKU_USER, (unsigned char *)pin, len);

	for (int i = 0; i < RETRIES && (rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_DEVICE_ERROR); i++) {
		pause_before_retry(i);
		rv = calls(token)->C_Login(token->session, CKU_USER, (unsigned char *)pin, len);
	}
	return rv;
}

static RESULT log_in(struct token *token, struct err *err)
{
	char pin[TOKEN_URI_PIN_MAX];
	size_t len = 0;

	if (token->is_spoiled)
		return err_set(err, token->spoilt.code, token->spoilt.field, "%s", token->spoilt.reason);
	TRY(token_uri_pin(&token->uri, pin, &len, err));
	if (len == 0)
		return OK;
	ck_rv_t rv = log_in_patiently(token, pin, len);
	mem_wipe(pin, sizeof(pin));
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return OK;
	token->is_spoiled = is_about_pin(rv);
	result failed = token_module_failed(&token->uri, "the token does not let this program in", rv, &token->spoilt);
	return err_set(err, failed.code, token->spoilt.field, "%s", token->spoilt.reason);
}

static const ck_object_class_t classes[] = {
	[TOKEN_PRIVATE] = CKO_PRIVATE_KEY, [TOKEN_PUBLIC] = CKO_PUBLIC_KEY, [TOKEN_CERTIFICATE] = CKO_CERTIFICATE, [TOKEN_SECRET] = CKO_SECRET_KEY};

/* At most two, so that the caller sees when it is not just one. */
static RESULT search(struct token *token, struct ck_attribute *template, unsigned long count, ck_object_handle_t into[static 2], unsigned long *ret_found,
                     struct err *err)
{
	ck_rv_t rv = calls(token)->C_FindObjectsInit(token->session, template, count);

	*ret_found = 0;
	if (rv == CKR_OK) {
		rv = calls(token)->C_FindObjects(token->session, into, 2, ret_found);
		calls(token)->C_FindObjectsFinal(token->session);
	}
	return rv == CKR_OK ? OK : token_module_failed(&token->uri, "the token's keys cannot be listed", rv, err);
}

static RESULT find_key(struct token *token, struct err *err)
{
	ck_object_class_t class = classes[token->class];
	struct ck_attribute template[3] = {{CKA_CLASS, &class, sizeof(class)}};
	ck_object_handle_t found[2];
	unsigned long count = 1, found_count = 0;

	if (token->uri.object[0] != '\0')
		template[count++] = (struct ck_attribute){CKA_LABEL, token->uri.object, strlen(token->uri.object)};
	if (token->uri.id_len > 0)
		template[count++] = (struct ck_attribute){CKA_ID, token->uri.id, token->uri.id_len};
	TRY(search(token, template, count, found, &found_count, err));
	if (found_count == 0)
		return err_set(err, CODE_TOKEN, token->uri.shown, "the token has no such %s key%s", token->class == TOKEN_SECRET ? "secret" : "private",
		               token->uri.pin_source[0] == '\0' ? "; most show theirs only after a PIN: give pin-source" : "");
	if (found_count > 1)
		return err_set(err, CODE_TOKEN, token->uri.shown, "more than one key fits; name one by its id");
	token->key = found[0];
	return OK;
}

static RESULT open_session(struct token *token, struct err *err)
{
	ck_slot_id_t slot = 0;

	TRY(token_module_slot(token->module, &token->uri, &slot, err));
	ck_rv_t rv = calls(token)->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &token->session);
	if (rv != CKR_OK)
		return token_module_failed(&token->uri, "no session", rv, err);
	token->is_open = true;
	token->pid = getpid();
	token->generation = atomic_load(&token->module->generation);
	result r = log_in(token, err);
	if (!FAILED(r))
		r = find_key(token, err);
	if (FAILED(r)) {
		hang_up(token);
		return r;
	}
	token->was_open = true;
	atomic_store(&token->module->has_served, true);
	return OK;
}

static RESULT open_locked(struct token *token, struct err *err)
{
	TRY(token_module_load(&token->uri, &token->module, err));
	pthread_rwlock_rdlock(&token->module->in_use);
	result r = open_session(token, err);
	pthread_rwlock_unlock(&token->module->in_use);
	return r;
}

/* A module that has served nobody yet may have been started while another program wrote to its tokens, and have missed one. */
static bool may_try_again(struct token *token, int tries)
{
	if (token->module == NULL || token->is_spoiled)
		return false;
	if (atomic_load(&token->module->has_served))
		return tries == 0 && token->was_open && token_module_restart(token->module);
	if (tries == RETRIES)
		return false;
	pause_before_retry(tries);
	return token_module_restart(token->module);
}

static RESULT ready(struct token *token, struct err *err)
{
	if (is_live(token))
		return OK;
	token->is_open = false;
	result r = open_locked(token, err);
	for (int tries = 0; FAILED(r) && may_try_again(token, tries); tries++)
		r = open_locked(token, err);
	return r;
}

/* ---- attributes ---- */

static const ck_attribute_type_t attributes[] = {
	[TOKEN_KEY_TYPE] = CKA_KEY_TYPE, [TOKEN_ID] = CKA_ID,           [TOKEN_EC_PARAMS] = CKA_EC_PARAMS,      [TOKEN_EC_POINT] = CKA_EC_POINT,
	[TOKEN_MODULUS] = CKA_MODULUS,   [TOKEN_EXPONENT] = CKA_PUBLIC_EXPONENT, [TOKEN_VALUE] = CKA_VALUE};

static RESULT read_attribute(struct token *token, ck_object_handle_t object, enum token_attribute what, struct buf *out, bool *ret_found, struct err *err)
{
	struct ck_attribute attribute = {.type = attributes[what]};

	*ret_found = calls(token)->C_GetAttributeValue(token->session, object, &attribute, 1) == CKR_OK && attribute.value_len > 0 &&
	             attribute.value_len <= ATTRIBUTE_MAX;
	if (!*ret_found)
		return OK;
	attribute.value = buf_room(out, attribute.value_len);
	if (attribute.value == NULL)
		return buf_check(out, token->uri.shown, err);
	ck_rv_t rv = calls(token)->C_GetAttributeValue(token->session, object, &attribute, 1);
	if (rv != CKR_OK)
		return token_module_failed(&token->uri, "the key cannot be looked at", rv, err);
	buf_grew(out, attribute.value_len);
	return OK;
}

/* The public half, or the certificate, stands beside the private key under the same id, or the same label. */
static RESULT find_twin(struct token *token, enum token_class class, ck_object_handle_t *ret, bool *ret_found, struct err *err)
{
	ck_object_class_t wanted = classes[class];
	struct ck_attribute template[2] = {{CKA_CLASS, &wanted, sizeof(wanted)}};
	ck_object_handle_t found[2];
	unsigned long count = 0;
	struct buf id;

	buf_init(&id, ATTRIBUTE_MAX);
	result r = read_attribute(token, token->key, TOKEN_ID, &id, ret_found, err);
	template[1] = *ret_found ? (struct ck_attribute){CKA_ID, id.at, id.len}
	                         : (struct ck_attribute){CKA_LABEL, token->uri.object, strlen(token->uri.object)};
	if (!FAILED(r))
		r = search(token, template, 2, found, &count, err);
	buf_done(&id);
	*ret_found = count > 0;
	*ret = count > 0 ? found[0] : 0;
	return r;
}

static RESULT ask(struct token *token, enum token_class class, enum token_attribute what, struct buf *out, bool *ret_found, struct err *err)
{
	ck_object_handle_t object = token->key;

	*ret_found = true;
	if (class != token->class)
		TRY(find_twin(token, class, &object, ret_found, err));
	return *ret_found ? read_attribute(token, object, what, out, ret_found, err) : OK;
}

result token_ask(struct token *token, enum token_class class, enum token_attribute what, struct buf *out, bool *ret_found, struct err *err)
{
	pthread_mutex_lock(&token->guard);
	result r = ready(token, err);
	if (!FAILED(r)) {
		pthread_rwlock_rdlock(&token->module->in_use);
		r = ask(token, class, what, out, ret_found, err);
		pthread_rwlock_unlock(&token->module->in_use);
	}
	pthread_mutex_unlock(&token->guard);
	return r;
}

static RESULT read_type(struct token *token, struct err *err)
{
	ck_key_type_t type = 0;
	struct ck_attribute attribute = {CKA_KEY_TYPE, &type, sizeof(type)};
	ck_rv_t rv = calls(token)->C_GetAttributeValue(token->session, token->key, &attribute, 1);

	if (rv != CKR_OK)
		return token_module_failed(&token->uri, "the key cannot be looked at", rv, err);
	token->type = type == CKK_RSA          ? TOKEN_RSA
	              : type == CKK_EC         ? TOKEN_EC
	              : type == CKK_EC_EDWARDS ? TOKEN_EDWARDS
	              : type == CKK_AES        ? TOKEN_AES
	                                       : TOKEN_OTHER;
	return OK;
}

/* ---- operations ---- */

struct work {
	enum { WORK_SIGN, WORK_SEAL, WORK_OPEN } kind;
	struct ck_mechanism mechanism;
	struct bytes input;
	uint8_t *into;
	unsigned long len; /* room, then what was made */
};

static ck_rv_t call(struct token *token, struct work *work)
{
	unsigned char *input = (unsigned char *)(uintptr_t)work->input.at; /* the interface lacks the const */
	ck_rv_t rv = CKR_GENERAL_ERROR;

	switch (work->kind) {
	case WORK_SIGN:
		rv = calls(token)->C_SignInit(token->session, &work->mechanism, token->key);
		return rv != CKR_OK ? rv : calls(token)->C_Sign(token->session, input, work->input.len, work->into, &work->len);
	case WORK_SEAL:
		rv = calls(token)->C_EncryptInit(token->session, &work->mechanism, token->key);
		return rv != CKR_OK ? rv : calls(token)->C_Encrypt(token->session, input, work->input.len, work->into, &work->len);
	case WORK_OPEN:
		rv = calls(token)->C_DecryptInit(token->session, &work->mechanism, token->key);
		return rv != CKR_OK ? rv : calls(token)->C_Decrypt(token->session, input, work->input.len, work->into, &work->len);
	}
	return rv;
}

static ck_rv_t work_once(struct token *token, struct work *work)
{
	pthread_rwlock_rdlock(&token->module->in_use);
	ck_rv_t rv = is_live(token) ? call(token, work) : CKR_SESSION_HANDLE_INVALID;
	pthread_rwlock_unlock(&token->module->in_use);
	return rv;
}

static void give_up_session(struct token *token)
{
	pthread_rwlock_rdlock(&token->module->in_use);
	hang_up(token);
	pthread_rwlock_unlock(&token->module->in_use);
}

/* A failure may be that of a session that ended with a token that was away: everything is looked for once more. */
static RESULT work_twice(struct token *token, struct work *work, struct err *err)
{
	unsigned long room = work->len;
	bool had_session = is_live(token);

	TRY(ready(token, err));
	ck_rv_t rv = work_once(token, work);
	if (rv != CKR_OK && had_session && rv != CKR_MECHANISM_INVALID && rv != CKR_KEY_FUNCTION_NOT_PERMITTED && rv != CKR_ENCRYPTED_DATA_INVALID) {
		give_up_session(token);
		TRY(ready(token, err));
		work->len = room;
		rv = work_once(token, work);
	}
	if (rv == CKR_OK)
		return OK;
	give_up_session(token);
	return token_module_failed(&token->uri, work->kind == WORK_SIGN ? "it does not sign" : "it does not decrypt", rv, err);
}

static RESULT perform(struct token *token, struct work *work, size_t *ret_len, struct err *err)
{
	pthread_mutex_lock(&token->guard);
	result r = work_twice(token, work, err);
	pthread_mutex_unlock(&token->guard);
	*ret_len = FAILED(r) ? 0 : work->len;
	return r;
}

result token_sign(struct token *token, enum token_mechanism mechanism, struct bytes input, uint8_t *into, size_t size, size_t *ret_len, struct err *err)
{
	static const ck_mechanism_type_t types[] = {
		[TOKEN_ECDSA] = CKM_ECDSA, [TOKEN_EDDSA] = CKM_EDDSA, [TOKEN_PSS_SHA256] = CKM_RSA_PKCS_PSS, [TOKEN_RSA_RAW] = CKM_RSA_X_509};
	struct ck_rsa_pkcs_pss_params pss = {.hash_alg = CKM_SHA256, .mgf = CKG_MGF1_SHA256, .s_len = 32};
	struct work work = {.kind = WORK_SIGN, .mechanism = {types[mechanism], NULL, 0}, .input = input, .into = into, .len = size};

	if (mechanism == TOKEN_PSS_SHA256)
		work.mechanism = (struct ck_mechanism){CKM_RSA_PKCS_PSS, &pss, sizeof(pss)};
	return perform(token, &work, ret_len, err);
}

result token_seal(struct token *token, bool opens, const uint8_t nonce[static TOKEN_GCM_NONCE], struct bytes extra, struct bytes input, uint8_t *into, size_t size,
                  size_t *ret_len, struct err *err)
{
	uint8_t iv[TOKEN_GCM_NONCE];
	struct ck_gcm_params gcm = {.iv_ptr = iv, .iv_len = sizeof(iv), .iv_bits = 8 * sizeof(iv), .aad_ptr = (unsigned char *)(uintptr_t)extra.at,
	                            .aad_len = extra.len, .tag_bits = 8 * TOKEN_GCM_TAG};
	struct work work = {.kind = opens ? WORK_OPEN : WORK_SEAL, .mechanism = {CKM_AES_GCM, &gcm, sizeof(gcm)}, .input = input, .into = into, .len = size};

	memcpy(iv, nonce, sizeof(iv));
	return perform(token, &work, ret_len, err);
}

/* ---- life ---- */

result token_open(const char *uri, enum token_class class, struct token **ret, struct err *err)
{
	struct token_uri parsed;

	TRY(token_uri_parse(uri, &parsed, err));
	struct token *token = mem_alloc(sizeof(*token));
	token->uri = parsed;
	token->class = class;
	pthread_mutex_init(&token->guard, NULL);
	result r = ready(token, err);
	if (!FAILED(r))
		r = read_type(token, err);
	if (FAILED(r))
		token_close(token);
	else
		*ret = token;
	return r;
}

void token_close(struct token *token)
{
	if (token == NULL)
		return;
	if (token->is_open)
		give_up_session(token);
	pthread_mutex_destroy(&token->guard);
	mem_free(token);
}

const char *token_shown(const struct token *token)
{
	return token->uri.shown;
}

enum token_key_type token_key_type(const struct token *token)
{
	return token->type;
}

/* ---- a new secret ---- */

static RESULT make_secret(struct token *token, struct err *err)
{
	unsigned char yes = 1, no = 0;
	unsigned long len = 32;
	ck_slot_id_t slot = 0;
	struct ck_mechanism mechanism = {CKM_AES_KEY_GEN, NULL, 0};
	struct ck_attribute template[] = {
		{CKA_TOKEN, &yes, 1},   {CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1},     {CKA_EXTRACTABLE, &no, 1},
		{CKA_ENCRYPT, &yes, 1}, {CKA_DECRYPT, &yes, 1}, {CKA_VALUE_LEN, &len, sizeof(len)}, {CKA_LABEL, token->uri.object, strlen(token->uri.object)},
	};

	TRY(token_module_load(&token->uri, &token->module, err));
	TRY(token_module_slot(token->module, &token->uri, &slot, err));
	ck_rv_t rv = calls(token)->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &token->session);
	if (rv != CKR_OK)
		return token_module_failed(&token->uri, "no session", rv, err);
	token->is_open = true;
	token->pid = getpid();
	token->generation = atomic_load(&token->module->generation);
	TRY(log_in(token, err));
	if (!FAILED(find_key(token, NULL)))
		return err_set(err, CODE_TOKEN, token->uri.shown, "there is a key of that name already");
	rv = calls(token)->C_GenerateKey(token->session, &mechanism, template, sizeof(template) / sizeof(*template), &token->key);
	return rv == CKR_OK ? OK : token_module_failed(&token->uri, "the token makes no key", rv, err);
}

result token_make_secret(const char *uri, struct err *err)
{
	struct token_uri parsed;

	TRY(token_uri_parse(uri, &parsed, err));
	if (parsed.object[0] == '\0')
		return err_set(err, CODE_KEY, parsed.shown, "a new key needs a name; give object=LABEL");
	struct token *token = mem_alloc(sizeof(*token));
	token->uri = parsed;
	token->class = TOKEN_SECRET;
	pthread_mutex_init(&token->guard, NULL);
	result r = make_secret(token, err);
	token_close(token);
	return r;
}

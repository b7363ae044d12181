#include "certs/token_module.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { SLOTS_MAX = 256 };

#define DEFAULT_MODULE "p11-kit-proxy.so"

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER; /* of the list: taken at start, at reload and when a token comes back */
static struct token_module *modules;

result token_module_failed(const struct token_uri *uri, const char *what, ck_rv_t rv, struct err *err)
{
	static const struct {
		ck_rv_t rv;
		const char *words;
	} known[] = {
		{CKR_PIN_INCORRECT, "the PIN is wrong"},
		{CKR_PIN_INVALID, "the PIN is wrong"},
		{CKR_PIN_LEN_RANGE, "the PIN is too short or too long"},
		{CKR_PIN_EXPIRED, "the PIN has expired"},
		{CKR_PIN_LOCKED, "the PIN is locked after too many wrong ones; have the token's security officer unlock it"},
		{CKR_USER_PIN_NOT_INITIALIZED, "no PIN was ever set on the token"},
		{CKR_TOKEN_NOT_PRESENT, "the token is not there"},
		{CKR_TOKEN_NOT_RECOGNIZED, "the token is not recognised"},
		{CKR_DEVICE_REMOVED, "the token was taken away"},
		{CKR_DEVICE_ERROR, "the token does not answer"},
		{CKR_DEVICE_MEMORY, "the token is out of memory"},
		{CKR_SLOT_ID_INVALID, "the token is not there"},
		{CKR_SESSION_HANDLE_INVALID, "the session with the token has ended"},
		{CKR_SESSION_CLOSED, "the session with the token has ended"},
		{CKR_SESSION_COUNT, "the token has too many sessions already"},
		{CKR_USER_NOT_LOGGED_IN, "the token asks for a PIN; give pin-source"},
		{CKR_OBJECT_HANDLE_INVALID, "the key is not there any more"},
		{CKR_KEY_HANDLE_INVALID, "the key is not there any more"},
		{CKR_KEY_FUNCTION_NOT_PERMITTED, "the token does not let the key be used for this"},
		{CKR_KEY_TYPE_INCONSISTENT, "the key is of another kind than this needs"},
		{CKR_MECHANISM_INVALID, "the token does not know the algorithm"},
		{CKR_MECHANISM_PARAM_INVALID, "the token does not know the algorithm with these parameters"},
		{CKR_ENCRYPTED_DATA_INVALID, "the token says that what it should decrypt was altered, or is of another key"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].rv == rv)
			return err_set(err, CODE_TOKEN, uri->shown, "%s: %s", what, known[i].words);
	return err_set(err, CODE_TOKEN, uri->shown, "%s: the module answers 0x%lx", what, rv);
}

static RESULT initialise(struct token_module *module, const struct token_uri *uri, struct err *err)
{
	struct ck_c_initialize_args arguments = {.flags = CKF_OS_LOCKING_OK};
	ck_rv_t rv = module->functions->C_Initialize(&arguments);

	/* In a child the module may remember its parent's call. */
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return token_module_failed(uri, "the module cannot be started", rv, err);
	module->pid = getpid();
	return OK;
}

static RESULT open_module(const char *path, const struct token_uri *uri, struct token_module **ret, struct err *err)
{
	ck_rv_t (*get_list)(struct ck_function_list **list) = NULL;
	struct ck_function_list *functions = NULL;
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return err_set(err, CODE_TOKEN, uri->shown, "the module cannot be loaded: %s", dlerror());
	void *symbol = dlsym(library, "C_GetFunctionList");
	memcpy(&get_list, &symbol, sizeof(get_list)); /* ISO C has no cast from an object's address to a function's */
	if (get_list == NULL || get_list(&functions) != CKR_OK || functions == NULL) {
		dlclose(library);
		return err_set(err, CODE_TOKEN, uri->shown, "%s is no PKCS#11 module", path);
	}
	struct token_module *module = mem_alloc(sizeof(*module));
	module->functions = functions;
	result r = initialise(module, uri, err);
	if (FAILED(r)) {
		mem_free(module);
		dlclose(library);
		return r;
	}
	module->path = mem_text(path);
	pthread_rwlock_init(&module->in_use, NULL);
	module->restarted_at = INT64_MIN;
	module->next = modules;
	*ret = modules = module;
	return OK;
}

static RESULT find_module(const struct token_uri *uri, struct token_module **ret, struct err *err)
{
	const char *path = uri->module[0] != '\0' ? uri->module : DEFAULT_MODULE;

	for (struct token_module *module = modules; module != NULL; module = module->next) {
		if (strcmp(module->path, path) != 0)
			continue;
		if (module->pid != getpid()) {
			atomic_store(&module->has_served, false);
			TRY(initialise(module, uri, err));
		}
		*ret = module;
		return OK;
	}
	return open_module(path, uri, ret, err);
}

result token_module_load(const struct token_uri *uri, struct token_module **ret, struct err *err)
{
	pthread_mutex_lock(&guard);
	result r = find_module(uri, ret, err);
	pthread_mutex_unlock(&guard);
	return r;
}

bool token_module_restart(struct token_module *module)
{
	static const struct token_uri nobody;
	int64_t now = clock_mono_ms();

	pthread_mutex_lock(&guard);
	bool may = !atomic_load(&module->has_served) || module->restarted_at == INT64_MIN || now - module->restarted_at >= TOKEN_MODULE_PAUSE_MS;
	if (may) {
		pthread_rwlock_wrlock(&module->in_use);
		module->restarted_at = now;
		module->functions->C_Finalize(NULL);
		atomic_fetch_add(&module->generation, 1);
		module->pid = 0;
		may = !FAILED(initialise(module, &nobody, NULL));
		pthread_rwlock_unlock(&module->in_use);
	}
	pthread_mutex_unlock(&guard);
	return may;
}

/* ---- slots ---- */

/* Labels are padded with spaces. */
static bool is_named(const unsigned char *padded, size_t size, const char *name)
{
	size_t len = size, wanted = strlen(name);

	while (len > 0 && (padded[len - 1] == ' ' || padded[len - 1] == '\0'))
		len--;
	return wanted == 0 || (wanted == len && memcmp(padded, name, len) == 0);
}

static bool fits(const struct ck_token_info *info, const struct token_uri *uri)
{
	return (info->flags & CKF_TOKEN_INITIALIZED) != 0 && is_named(info->label, sizeof(info->label), uri->token) &&
	       is_named(info->manufacturer_id, sizeof(info->manufacturer_id), uri->manufacturer) &&
	       is_named(info->model, sizeof(info->model), uri->model) &&
	       is_named(info->serial_number, sizeof(info->serial_number), uri->serial);
}

result token_module_slot(struct token_module *module, const struct token_uri *uri, ck_slot_id_t *ret, struct err *err)
{
	ck_slot_id_t slots[SLOTS_MAX];
	unsigned long count = SLOTS_MAX, found = 0;
	ck_rv_t rv = module->functions->C_GetSlotList(1, slots, &count);

	if (rv != CKR_OK)
		return token_module_failed(uri, "the tokens cannot be listed", rv, err);
	for (unsigned long i = 0; i < count; i++) {
		struct ck_token_info info;
		if (module->functions->C_GetTokenInfo(slots[i], &info) != CKR_OK || !fits(&info, uri))
			continue;
		if ((info.flags & CKF_USER_PIN_LOCKED) != 0)
			return token_module_failed(uri, "the token", CKR_PIN_LOCKED, err);
		*ret = slots[i];
		found++;
	}
	if (found == 0)
		return err_set(err, CODE_TOKEN, uri->shown, "there is no such token among the %lu that are there", count);
	if (found > 1)
		return err_set(err, CODE_TOKEN, uri->shown, "%lu tokens fit; name one by its serial", found);
	return OK;
}

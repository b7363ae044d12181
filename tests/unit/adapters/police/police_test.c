#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/police/police.h"
#include "base/conf.h"

#include <unistd.h>

struct opened {
	void *settings, *state;
	struct kind_format format;
};

static struct opened open_kind(struct sample_agency *agency, const char *conf)
{
	struct opened opened = {.settings = mem_alloc(police_kind.settings->size), .format = police_kind.formats[0]};
	struct conf_faults faults;
	struct err err = {.reason = ""};
	char path[] = "/tmp/police_test_XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, conf, strlen(conf)), (ssize_t)strlen(conf));
	close(fd);
	conf_faults_init(&faults);
	assert_false(FAILED(conf_load(police_kind.settings, path, opened.settings, &faults)));
	assert_false(FAILED(police_kind.open(opened.settings, &agency->host, &opened.state, &err)));
	conf_faults_done(&faults);
	unlink(path);
	return opened;
}

static void close_kind(struct opened *opened)
{
	police_kind.close(opened->state);
	conf_free(police_kind.settings, opened->settings);
	mem_free(opened->settings);
}

static void offers_the_text_both_ways(void **state)
{
	(void)state;
	assert_string_equal(police_kind.name, "police");
	assert_int_equal(police_kind.formats_count, 1);
	assert_string_equal(police_kind.formats[0].name, "ncic");
	assert_string_equal(police_kind.formats[0].ending, ".ncic");
	assert_non_null(police_kind.formats[0].read);
	assert_non_null(police_kind.formats[0].write);
}

static void sends_to_the_parties_of_its_directory(void **state)
{
	struct sample_agency agency;
	struct kind_reading reading;
	(void)state;
	sample_open(&agency, "CT0006400");
	struct opened opened = open_kind(&agency, "directory = { CT0009300 = \"ct.newhaven.police\"; CT = \"role:police\"; };\n");
	kind_reading_init(&reading);
	opened.format.read(opened.state, &agency.host, BYTES_LIT("AM.CT0006400.CT0009300,CT.TXT\r\nHELLO"), &reading);
	sample_draft_is(&reading, "/to/0", "ct.newhaven.police");
	sample_draft_is(&reading, "/to/1", "role:police");
	kind_reading_done(&reading);
	opened.format.read(opened.state, &agency.host, BYTES_LIT("AM.CT0006400.CT0001500.TXT\r\nHELLO"), &reading);
	assert_int_equal(sample_fault(&reading, "DST")->err.code, CODE_NO_RECIPIENT);
	kind_reading_done(&reading);
	close_kind(&opened);
	sample_close(&agency);
}

static void refuses_a_directory_of_what_is_no_ori_or_no_party(void **state)
{
	static const char conf[] = "directory = { CT00 = \"ct.newhaven.police\"; CT0009300 = \"Not A Party\"; };\n";
	void *settings = mem_alloc(police_kind.settings->size);
	struct conf_faults faults;
	char path[] = "/tmp/police_test_XXXXXX";
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, conf, strlen(conf)), (ssize_t)strlen(conf));
	close(fd);
	conf_faults_init(&faults);
	result r = conf_load(police_kind.settings, path, settings, &faults);
	assert_int_equal(r.code, CODE_CONFIG);
	assert_int_equal(faults.count, 2);
	conf_faults_done(&faults);
	unlink(path);
	mem_free(settings);
}

static result put_record(void *ctx, const struct kind_record *record, struct err *err)
{
	(void)err;
	*(struct kind_record *)ctx = *record;
	return OK;
}

static void keeps_the_warrants_that_pass(void **state)
{
	struct kind_record kept = {.nic = ""};
	struct kind_host host = {
	    .ctx = &kept, .party = "ct.hartford.police", .ori = "CT0006400", .agency = "", .put = put_record};
	uint8_t id[UUID_LEN] = {0};
	struct message message = {.type = BYTES_LIT("warrant.issue/1"), .from = BYTES_LIT("ct.doc.parole.hartford"), .id = id};
	struct kind_reading answers;
	struct buf body;
	struct err err;
	(void)state;
	kind_reading_init(&answers);
	buf_init(&body, SAMPLE_BYTES_MAX);
	sample_pack("{'warrant_no':'PR-26-0017','nic':'W900000017','person':{'name':{'family':'Delgado','given':'M'}}}", &body);
	struct kind_message passing = {.message = &message, .main = buf_bytes(&body), .tag = ""};
	assert_false(FAILED(police_kind.pass(NULL, &host, &passing, &answers, &err)));
	assert_string_equal(kept.number, "PR-26-0017");
	assert_string_equal(kept.nic, "W900000017");
	assert_string_equal(kept.name, "DELGADO,M");
	assert_false(kept.is_ours);
	kind_reading_done(&answers);
	buf_done(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(offers_the_text_both_ways),
	    cmocka_unit_test(sends_to_the_parties_of_its_directory),
	    cmocka_unit_test(refuses_a_directory_of_what_is_no_ori_or_no_party),
	    cmocka_unit_test(keeps_the_warrants_that_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

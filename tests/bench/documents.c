/* What turning documents into messages costs, beside a bare parse of the same bytes by the library that reads them, and a schema's check. One line of JSON, µs each.
 *
 *   bench_documents CATALOGUE ncic|niem FILE       a document read into drafts; bare: xmlReadMemory of it (niem)
 *   bench_documents CATALOGUE json FILE            JSON to packed bytes; bare: json_loadb of it
 *   bench_documents CATALOGUE schema FILE TYPE     a packed body against its type's schema, values and all */
#include "adapters/ncic/ncic.h"
#include "adapters/niem/niem.h"
#include "base/clock.h"
#include "base/file.h"
#include "schemas/json.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENTS_US = 500000, DOCUMENTS_MAX = 4 << 20 };

static struct catalogue *catalogue;
static struct buf document, packed;
static const struct validator *schema;

static void stop_if(result r, const struct err *why)
{
	if (!FAILED(r))
		return;
	fprintf(stderr, "bench_documents: %s: %s\n", why->field, why->reason);
	exit(1);
}

static void read_as(const struct kind_format *format)
{
	const struct kind_host host = {.party = "bench.police", .ori = "CT0006400", .agency = "POLICE", .catalogue = catalogue};
	struct kind_reading reading;
	kind_reading_init(&reading);
	format->read(NULL, &host, buf_bytes(&document), &reading);
	if (reading.faults_count || !reading.drafts_count) {
		fprintf(stderr, "bench_documents: %s\n", reading.faults_count ? reading.faults[0].err.reason : "no message in it");
		exit(1);
	}
	kind_reading_done(&reading);
}

static void read_ncic(void)
{
	read_as(&ncic_format);
}

static void read_niem(void)
{
	read_as(&niem_format);
}

static void parse_xml(void)
{
	xmlFreeDoc(xmlReadMemory((const char *)document.at, (int)document.len, "", NULL, XML_PARSE_NONET));
}

static void read_json(void)
{
	struct err why;
	buf_clear(&packed);
	stop_if(json_to_pack(buf_bytes(&document), &packed, &why), &why);
}

static void parse_json(void)
{
	json_decref(json_loadb((const char *)document.at, document.len, JSON_REJECT_DUPLICATES, NULL));
}

static void check(void)
{
	struct err why;
	stop_if(validator_run(schema, buf_bytes(&packed), &why), &why);
}

static double cost_us(void (*run)(void))
{
	int64_t count = 0, began = clock_mono_us(), until = began + DOCUMENTS_US;
	run();
	for (began = clock_mono_us(); clock_mono_us() < until; count++)
		run();
	return (double)(clock_mono_us() - began) / (double)(count ? count : 1);
}

static void find_schema(const char *name)
{
	const struct catalogue_type *type = catalogue_find(catalogue, bytes_text(name));
	for (size_t i = 0; type && i < type->parts_count; i++)
		if (!strcmp(type->parts[i].name, "main"))
			schema = type->parts[i].validator;
	if (!schema) {
		fprintf(stderr, "bench_documents: no type %s\n", name);
		exit(1);
	}
	read_json();
}

static const struct way {
	const char *name;
	void (*run)(void), (*bare)(void); /* NULL: nothing to set beside it */
} ways[] = {{"ncic", read_ncic, NULL}, {"niem", read_niem, parse_xml}, {"json", read_json, parse_json}, {"schema", check, NULL}};

int main(int argc, char **argv)
{
	const struct way *way = NULL;
	struct err why;
	for (size_t i = 0; argc >= 4 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(argv[2], ways[i].name))
			way = &ways[i];
	if (!way || argc != (way->run == check ? 5 : 4)) {
		fprintf(stderr, "Usage: bench_documents CATALOGUE ncic|niem|json FILE | CATALOGUE schema FILE TYPE\n");
		return 2;
	}
	buf_init(&packed, DOCUMENTS_MAX);
	stop_if(catalogue_load(argv[1], &catalogue, &why), &why);
	stop_if(file_read(argv[3], DOCUMENTS_MAX, &document, &why), &why);
	if (way->run == check)
		find_schema(argv[4]);
	printf("{\"us\": %.3f, \"bare_us\": %.3f, \"bytes\": %zu}\n", cost_us(way->run), way->bare ? cost_us(way->bare) : 0.0, document.len);
	catalogue_unref(catalogue);
	buf_done(&document);
	buf_done(&packed);
	return 0;
}

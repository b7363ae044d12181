/* Prints a file of test vectors: values whose bytes are fixed, with what they say, and bytes that must be refused, with the code
 * and the place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "certs/hash.h"
#include "schemas/frame.h"
#include "schemas/json.h"
#include "schemas/receipt.h"

enum { OUT_MAX = 1 << 20 };

/* The things that vectors are made of. */
#define ID "{'$base64':'AZyPKmt9fBCaRA87Xi16YQ=='}"    /* 019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61 */
#define ID_2 "{'$base64':'AZyPKmt9fBGaRA87Xi16Yg=='}"  /* 019c8f2a-6b7d-7c11-9a44-0f3b5e2d7a62 */
#define ID_V4 "{'$base64':'AZyPKmt9TBCaRA87Xi16YQ=='}" /* 019c8f2a-6b7d-4c10-9a44-0f3b5e2d7a61 */
#define BODY "{'warrant_no':'W-2026-0117','offense':'absconding','nationwide':true,'bail_cents':0}"
#define CLINICAL "{'attended':7,'missed':1}"

static _Noreturn void give_up(const char *what, const struct err *err)
{
	fprintf(stderr, "make_vectors: %s: %s: %s\n", what, err->field, err->reason);
	exit(1);
}

static void pack(const char *json, struct buf *out)
{
	struct err err = {.reason = ""};
	char *text = mem_text(json);
	for (char *at = text; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	if (FAILED(json_to_pack(bytes_text(text), out, &err)))
		give_up(json, &err);
	mem_free(text);
}

/* A file of vectors in the making. */
struct book {
	const char *about;
	struct buf good, refused; /* packed elements */
	size_t good_count, refused_count;
};

static void put_hex(struct buf *out, const char *key, struct bytes bytes)
{
	AUTO_FREE char *hex = mem_alloc(2 * bytes.len + 1);
	pack_put_str(out, key);
	pack_put_str(out, text_hex(bytes, hex));
}

/* A good value; `more` further keys are the caller's to put. */
static void book_good(struct book *book, const char *name, struct bytes bytes, size_t more)
{
	book->good_count++;
	pack_put_map(&book->good, 3 + more);
	pack_put_str(&book->good, "name");
	pack_put_str(&book->good, name);
	put_hex(&book->good, "hex", bytes);
	pack_put_str(&book->good, "value");
	pack_put_raw(&book->good, bytes);
}

static void book_refused(struct book *book, const char *name, struct bytes bytes, result judged, const struct err *err)
{
	struct err none = {.reason = "was not refused"};
	if (!FAILED(judged))
		give_up(name, &none);
	book->refused_count++;
	pack_put_map(&book->refused, 4);
	pack_put_str(&book->refused, "name");
	pack_put_str(&book->refused, name);
	put_hex(&book->refused, "hex", bytes);
	pack_put_str(&book->refused, "code");
	pack_put_str(&book->refused, code_text(judged.code));
	pack_put_str(&book->refused, "field");
	pack_put_str(&book->refused, err->field);
}

static void book_print(const struct book *book)
{
	struct buf all, json;
	struct err err = {.reason = ""};
	buf_init(&all, OUT_MAX);
	buf_init(&json, OUT_MAX);
	pack_put_map(&all, 3);
	pack_put_str(&all, "about");
	pack_put_str(&all, book->about);
	pack_put_str(&all, "good");
	pack_put_array(&all, book->good_count);
	pack_put_raw(&all, buf_bytes(&book->good));
	pack_put_str(&all, "refused");
	pack_put_array(&all, book->refused_count);
	pack_put_raw(&all, buf_bytes(&book->refused));
	if (FAILED(pack_scan(buf_bytes(&all), &err)) || FAILED(json_from_pack(buf_bytes(&all), 1, &json, &err)))
		give_up("the book", &err);
	printf("%.*s\n", (int)json.len, (const char *)json.at);
	buf_done(&all);
	buf_done(&json);
}

static const uint8_t salts[2][MESSAGE_SALT_LEN] = {
	{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f},
	{0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff},
};

/* Part "main" and part "clinical" of all vectors, and their hashes as JSON for headers. */
struct made_parts {
	struct buf bodies[2];
	struct part parts[2];
	struct hash hashes[2];
	char hash_json[2][80];
};

static void made_init(struct made_parts *made)
{
	static const char *const names[] = {"main", "clinical"};
	static const char *const bodies[] = {BODY, CLINICAL};
	for (size_t i = 0; i < 2; i++) {
		struct buf base64;
		buf_init(&made->bodies[i], OUT_MAX);
		pack(bodies[i], &made->bodies[i]);
		made->parts[i] = (struct part){bytes_text(names[i]), salts[i], buf_bytes(&made->bodies[i])};
		made->hashes[i] = hash_of_two(bytes_of(salts[i], MESSAGE_SALT_LEN), made->parts[i].bytes);
		buf_init(&base64, sizeof(made->hash_json[i]));
		text_base64(hash_bytes(&made->hashes[i]), &base64);
		snprintf(made->hash_json[i], sizeof(made->hash_json[i]), "{'$base64':'%.*s'}", (int)base64.len, (const char *)base64.at);
		buf_done(&base64);
	}
}

static void made_done(struct made_parts *made)
{
	for (size_t i = 0; i < 2; i++)
		buf_done(&made->bodies[i]);
}

struct header_key {
	const char *name;
	const char *json; /* NULL: the parts that were made */
};

/* The least header with one key as given instead; NULL leaves it out. */
static void make_header(const struct made_parts *made, const char *key, const char *json, struct buf *out)
{
	static const struct header_key least[] = {
		{"v", "1"},
		{"id", ID},
		{"type", "'warrant.issue/1'"},
		{"from", "'ct.doc.parole.hartford'"},
		{"to", "[]"},
		{"issued", "1772442720412"},
		{"priority", "8"},
		{"parts", NULL},
	};
	struct buf text;
	bool is_there = false;
	buf_init(&text, OUT_MAX);
	buf_init(out, OUT_MAX);
	for (size_t i = 0; i < sizeof(least) / sizeof(*least); i++) {
		bool is_it = key && strcmp(key, least[i].name) == 0;
		is_there = is_there || is_it;
		if (is_it && !json)
			continue;
		buf_printf(&text, "%c'%s':", text.len ? ',' : '{', least[i].name);
		if (is_it || least[i].json)
			buf_add_text(&text, is_it ? json : least[i].json);
		else
			buf_printf(&text, "{'main':['CJ',%s]}", made->hash_json[0]);
	}
	if (key && json && !is_there)
		buf_printf(&text, ",'%s':%s", key, json);
	buf_add(&text, bytes_of("}", 2));
	pack((const char *)text.at, out);
	buf_done(&text);
}

static void header_good(struct book *book, const char *name, struct bytes header)
{
	static const uint8_t leaf_prefix[] = {0x00};
	struct message message;
	struct err err = {.reason = ""};
	if (FAILED(message_decode(header, &message, &err)))
		give_up(name, &err);
	struct hash leaf = hash_of_two(bytes_of(leaf_prefix, 1), header);
	book_good(book, name, header, 1);
	put_hex(&book->good, "leaf", hash_bytes(&leaf));
}

static void header_refused(struct book *book, const char *name, struct bytes header)
{
	struct message message;
	struct err err = {.field = ""};
	result judged = message_decode(header, &message, &err);
	book_refused(book, name, header, judged, &err);
}

static void refuse_changed_headers(struct book *book, const struct made_parts *made)
{
	static const struct {
		const char *name, *key, *json;
	} cases[] = {
		{"no id", "id", NULL},
		{"no parts", "parts", NULL},
		{"version 2", "v", "2"},
		{"id of UUID version 4", "id", ID_V4},
		{"a key that is not known", "sender", "'ct'"},
		{"type without a version", "type", "'warrant.issue'"},
		{"type with version 0", "type", "'warrant.issue/0'"},
		{"type in capitals", "type", "'Warrant/1'"},
		{"from in capitals", "from", "'CT'"},
		{"from is a role", "from", "'role:police'"},
		{"a recipient twice", "to", "['ct','ct']"},
		{"issued 0", "issued", "0"},
		{"issued beyond 2^53 - 1", "issued", "9007199254740992"},
		{"priority 10", "priority", "10"},
		{"a number in the subject", "subject", "{'sid':5}"},
		{"an empty subject", "subject", "{}"},
		{"no part at all", "parts", "{}"},
		{"a class that is not known", "parts", "{'main':['SECRET',{'$base64':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='}]}"},
		{"a hash of 31 bytes", "parts", "{'main':['CJ',{'$base64':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=='}]}"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf header;
		make_header(made, cases[i].key, cases[i].json, &header);
		header_refused(book, cases[i].name, buf_bytes(&header));
		buf_done(&header);
	}
}

static void refuse_loose_headers(struct book *book, const struct made_parts *made)
{
	struct buf header;
	make_header(made, NULL, NULL, &header);
	buf_add_byte(&header, 0xc0);
	header_refused(book, "a byte behind the map", buf_bytes(&header));
	header_refused(book, "the last byte is missing", bytes_of(header.at, header.len - 2));
	header.len--;
	header.at[0]++;
	pack("'priority'", &header);
	pack("8", &header);
	header_refused(book, "a key twice", buf_bytes(&header));
	buf_done(&header);
	make_header(made, "purpose", "'C'", &header);
	header.at[header.len - 1] = 0xff;
	header_refused(book, "text that is not UTF-8", buf_bytes(&header));
	buf_done(&header);
}

static void print_header(void)
{
	struct book book = {.about = "Headers of messages. leaf: SHA-256(0x00, header). The parts that they bind are in parts.json."};
	struct made_parts made;
	struct buf text, header;
	buf_init(&book.good, OUT_MAX);
	buf_init(&book.refused, OUT_MAX);
	buf_init(&text, OUT_MAX);
	made_init(&made);
	make_header(&made, NULL, NULL, &header);
	header_good(&book, "the least that a header can be", buf_bytes(&header));
	buf_clear(&header);
	buf_printf(&text,
	           "{'v':1,'id':" ID_2
	           ",'type':'referral.send/1','from':'ct.doc.parole.hartford','to':['ct.community.hope','role:fugitive'],"
	           "'issued':1772442720412,'expires':1772529120412,'due':1772446320412,'priority':5,'thread':" ID ",'re':" ID
	           ",'subject':{'sid':'CT01284417','doc_number':'00312845'},'by':{'user':'jdoe','ori':'CT0006400'},'purpose':'C',"
	           "'consent':'c-2026-17','parts':{'main':['CJ',%s],'clinical':['P2',%s]}}",
	           made.hash_json[0], made.hash_json[1]);
	buf_add_byte(&text, '\0');
	pack((const char *)text.at, &header);
	header_good(&book, "every key", buf_bytes(&header));
	refuse_changed_headers(&book, &made);
	refuse_loose_headers(&book, &made);
	book_print(&book);
	made_done(&made);
	buf_done(&text);
	buf_done(&header);
	buf_done(&book.good);
	buf_done(&book.refused);
}

static void parts_good(struct book *book, const char *name, const struct made_parts *made, size_t count)
{
	struct buf packed;
	buf_init(&packed, OUT_MAX);
	part_encode_all(made->parts, count, &packed);
	book_good(book, name, buf_bytes(&packed), 1);
	pack_put_str(&book->good, "parts");
	pack_put_array(&book->good, count);
	for (size_t i = 0; i < count; i++) {
		const struct part *part = &made->parts[i];
		pack_put_map(&book->good, 5);
		pack_put_str(&book->good, "name");
		pack_put_text(&book->good, part->name);
		put_hex(&book->good, "salt", bytes_of(part->salt, MESSAGE_SALT_LEN));
		put_hex(&book->good, "bytes", part->bytes);
		pack_put_str(&book->good, "says");
		pack_put_raw(&book->good, part->bytes);
		put_hex(&book->good, "hash", hash_bytes(&made->hashes[i]));
	}
	buf_done(&packed);
}

static void print_parts(void)
{
	static const struct {
		const char *name, *json;
	} cases[] = {
		{"a salt of 15 bytes", "[['main',{'$base64':'AAECAwQFBgcICQoLDA0O'},{'$base64':'gA=='}]]"},
		{"a part twice", "[['main',{'$base64':'AAECAwQFBgcICQoLDA0ODw=='},{'$base64':'gA=='}],['main',{'$base64':'"
	                     "AAECAwQFBgcICQoLDA0ODw=='},{'$base64':'gA=='}]]"},
		{"bytes that are text", "[['main',{'$base64':'AAECAwQFBgcICQoLDA0ODw=='},'text']]"},
		{"no salt", "[['main',{'$base64':'gA=='}]]"},
		{"a name with a blank", "[['ma in',{'$base64':'AAECAwQFBgcICQoLDA0ODw=='},{'$base64':'gA=='}]]"},
		{"no array", "{}"},
	};
	struct book book = {.about = "Parts as they travel. hash: SHA-256(salt, bytes), as the header holds it."};
	struct made_parts made;
	buf_init(&book.good, OUT_MAX);
	buf_init(&book.refused, OUT_MAX);
	made_init(&made);
	parts_good(&book, "one part", &made, 1);
	parts_good(&book, "two parts", &made, 2);
	parts_good(&book, "every part withheld", &made, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct part parts[MESSAGE_PARTS_MAX];
		struct err err = {.field = ""};
		struct buf packed;
		size_t count = 0;
		buf_init(&packed, OUT_MAX);
		pack(cases[i].json, &packed);
		result judged = part_decode_all(buf_bytes(&packed), parts, &count, &err);
		book_refused(&book, cases[i].name, buf_bytes(&packed), judged, &err);
		buf_done(&packed);
	}
	book_print(&book);
	made_done(&made);
	buf_done(&book.good);
	buf_done(&book.refused);
}

static result decode_frame(struct bytes frame, struct err *err)
{
	static struct bytes ids[FRAME_BATCH_MAX];
	enum frame_kind kind;
	enum code code;
	struct frame_hello hello;
	struct frame_welcome welcome;
	struct frame_submit submit;
	struct frame_verdicts verdicts;
	struct frame_deliver deliver;
	struct frame_cert cert;
	struct frame_head head;
	struct bytes bytes;
	const uint8_t *fingerprint;
	size_t count;
	int64_t number;
	TRY(frame_kind_of(frame, &kind, err));
	switch (kind) {
	case FRAME_HELLO:
		return frame_hello_decode(frame, &hello, err);
	case FRAME_WELCOME:
		return frame_welcome_decode(frame, &welcome, err);
	case FRAME_SUBMIT:
		return frame_submit_decode(frame, &submit, err);
	case FRAME_VERDICT:
		return frame_verdicts_decode(frame, &verdicts, err);
	case FRAME_DELIVER:
		return frame_deliver_decode(frame, &deliver, err);
	case FRAME_ACK:
		return frame_ack_decode(frame, ids, &count, err);
	case FRAME_CREDIT:
		return frame_credit_decode(frame, &number, err);
	case FRAME_PING:
	case FRAME_PONG:
		return frame_ping_decode(frame, &number, err);
	case FRAME_CERT_ASK:
		return frame_cert_ask_decode(frame, &fingerprint, err);
	case FRAME_CERT:
		return frame_cert_decode(frame, &cert, err);
	case FRAME_HEAD:
		return frame_head_decode(frame, &head, err);
	case FRAME_BYE:
	case FRAME_KIND_COUNT:
		break;
	}
	return frame_bye_decode(frame, &code, &bytes, err);
}

#define BIN "{'$base64':'AQIDBA=='}"
#define HASH "{'$base64':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='}"

static void add_frame(struct book *book, const char *name, const char *json, bool is_good)
{
	struct buf frame;
	struct err err = {.field = ""};
	buf_init(&frame, OUT_MAX);
	pack(json, &frame);
	result judged = decode_frame(buf_bytes(&frame), &err);
	if (is_good && FAILED(judged))
		give_up(json, &err);
	if (is_good)
		book_good(book, name, buf_bytes(&frame), 0);
	else
		book_refused(book, name, buf_bytes(&frame), judged, &err);
	buf_done(&frame);
}

static void print_frames(void)
{
	static const char *const good[] = {
		"[1,2,'ct.hartford.police',[" BIN "],'liaison 0.1.0',4100]",
		"[2,2,'ct.hub',1048576,262144,256,15000,1024," BIN ",[" BIN "]," HASH "]",
		"[3," BIN "," BIN "," HASH ",[[" BIN ",[]]]]",
		"[4,[[" ID ",'ok',false,17,[['ct.hartford.police',true,0],['ct.doc.parole.hartford',false,120000]],'',''],"
		"[" ID_2 ",'schema',true,-1,[],'/parts/main/dob','is not a date']]]",
		"[5,[" BIN "]]",
		"[6,[" ID "," ID_2 "]]",
		"[7,256]",
		"[8,-1]",
		"[9,9223372036854775807]",
		"[10," HASH "]",
		"[11," HASH ",[]]",
		"[12," BIN ",4100," HASH ",[]]",
		"[13,'stopping','back in a minute']",
	};
	static const struct {
		const char *name, *json;
	} more[] = {
		{"hello of version 1", "[1,1,'ct.hartford.police',[" BIN "],'liaison 0.1.0']"},
		{"welcome of version 1", "[2,1,'ct.hub',1048576,262144,256,15000,1024,null,[" BIN "]]"},
		{"hello that knows nothing yet", "[1,2,'ct.hartford.police',[" BIN "],'liaison 0.2.0',0]"},
		{"welcome without a head", "[2,2,'ct.hub',1048576,262144,256,15000,1024,null,[" BIN "],{'$base64':''}]"},
		{"head by a new certificate", "[12," BIN ",1," HASH ",[" BIN "]]"},
	};
	static const struct {
		const char *name, *json;
	} bad[] = {
		{"a kind that is not known", "[14]"},
		{"hello of another version", "[1,3]"},
		{"hello of version 0", "[1,0]"},
		{"hello of version 2 that does not say what it knows", "[1,2,'ct',[" BIN "],'']"},
		{"hello that knows less than nothing", "[1,2,'ct',[" BIN "],'',-1]"},
		{"hello without a certificate", "[1,1,'ct',[],'']"},
		{"hello with an element too many", "[1,1,'ct',[" BIN "],'',0]"},
		{"welcome with a batch of 1025", "[2,1,'ct.hub',1,1,1025,1,1,null,[]]"},
		{"welcome with half a hash for a proof", "[2,2,'ct.hub',1,1,1,1,1,null,[]," BIN "]"},
		{"head without a proof", "[12," BIN "]"},
		{"head with half a hash for a proof", "[12," BIN ",1," BIN ",[]]"},
		{"submit without messages", "[3," BIN "," BIN "," HASH ",[]]"},
		{"submit whose second message lacks its parts", "[3," BIN "," BIN "," HASH ",[[" BIN ",[]],[" BIN "]]]"},
		{"verdict with a code that is not known", "[4,[[" ID ",'fine',false,0,[],'','']]]"},
		{"deliver of nothing", "[5,[]]"},
		{"ack of an id of 32 bytes", "[6,[" HASH "]]"},
		{"credit 0", "[7,0]"},
		{"five certificates", "[11," HASH ",[" BIN "," BIN "," BIN "," BIN "," BIN "]]"},
	};
	struct book book = {.about = "Frames of the link, without the length before them. Statements, signatures and certificates in "
	                             "them are placeholders."};
	buf_init(&book.good, OUT_MAX);
	buf_init(&book.refused, OUT_MAX);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		add_frame(&book, frame_kind_text((enum frame_kind)(i + 1)), good[i], true);
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		add_frame(&book, more[i].name, more[i].json, true);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		add_frame(&book, bad[i].name, bad[i].json, false);
	book_print(&book);
	buf_done(&book.good);
	buf_done(&book.refused);
}

static void receipt_good(struct book *book, const char *name, const struct receipt *receipt)
{
	struct buf packed;
	buf_init(&packed, OUT_MAX);
	receipt_encode(receipt, &packed);
	book_good(book, name, buf_bytes(&packed), 0);
	buf_done(&packed);
}

#define RECEIPT \
	"'of':'019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61','hash':'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'," \
	"'at':'2026-03-02T09:12:00.412Z'"

static void print_receipt(void)
{
	static const struct {
		const char *name, *json;
	} bad[] = {
		{"received with a code of refusal", "{" RECEIPT ",'disposition':'received','code':'schema'}"},
		{"refused with code ok", "{" RECEIPT ",'disposition':'refused','code':'ok'}"},
		{"neither received nor refused", "{" RECEIPT ",'disposition':'seen','code':'ok'}"},
		{"no code", "{" RECEIPT ",'disposition':'received'}"},
		{"a key that is not known", "{" RECEIPT ",'disposition':'received','code':'ok','by':'x'}"},
	};
	struct book book = {.about = "Main parts of receipts and notices."};
	struct receipt receipt = {.received = true, .code = CODE_OK, .at = 1772442720412};
	struct notice notice = {.event = NOTICE_EXPIRED,
	                        .recipient = "ct.hartford.police",
	                        .code = CODE_EXPIRED,
	                        .reason = "too late",
	                        .at = 1772442720412};
	struct uuid of;
	struct err err = {.reason = ""};
	struct buf packed;
	buf_init(&book.good, OUT_MAX);
	buf_init(&book.refused, OUT_MAX);
	buf_init(&packed, OUT_MAX);
	if (FAILED(uuid_parse(BYTES_LIT("019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61"), &of, &err)))
		give_up("the id", &err);
	memcpy(receipt.of, of.at, UUID_LEN);
	memcpy(notice.of, of.at, UUID_LEN);
	for (size_t i = 0; i < MESSAGE_HASH_LEN; i++)
		receipt.hash[i] = notice.hash[i] = (uint8_t)i;
	receipt_good(&book, "received", &receipt);
	receipt.received = false;
	receipt.code = CODE_PART_HASH;
	snprintf(receipt.field, sizeof(receipt.field), "/parts/main");
	snprintf(receipt.reason, sizeof(receipt.reason), "the bytes are not those that were signed");
	receipt_good(&book, "refused", &receipt);
	notice_encode(&notice, &packed);
	book_good(&book, "notice", buf_bytes(&packed), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_clear(&packed);
		pack(bad[i].json, &packed);
		result judged = receipt_decode(buf_bytes(&packed), &receipt, &err);
		book_refused(&book, bad[i].name, buf_bytes(&packed), judged, &err);
	}
	book_print(&book);
	buf_done(&packed);
	buf_done(&book.good);
	buf_done(&book.refused);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} books[] = {{"header", print_header}, {"parts", print_parts}, {"frames", print_frames}, {"receipt", print_receipt}};
	for (size_t i = 0; argc == 2 && i < sizeof(books) / sizeof(*books); i++) {
		if (strcmp(argv[1], books[i].name) == 0) {
			books[i].print();
			return 0;
		}
	}
	fprintf(stderr, "usage: make_vectors header|parts|frames|receipt\n");
	return 2;
}

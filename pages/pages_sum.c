#include "pages/pages_inside.h"

#include <pthread.h>

/* CRC-64 with the reflected polynomial of ECMA-182, eight bytes at a time: table[k] is table[0] moved on by k bytes. It finds every change of up to
 * three bits of a page and every burst of up to 64, and anything else but for one in 2^64. */
#define POLYNOMIAL UINT64_C(0xc96c5795d7870f42)
#define SEED UINT64_C(0x4c69616973313031)

static uint64_t table[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint64_t crc = byte;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][byte] = crc;
	}
	for (unsigned byte = 0; byte < 256; byte++)
		for (int k = 1; k < 8; k++)
			table[k][byte] = (table[k - 1][byte] >> 8) ^ table[0][table[k - 1][byte] & 0xff];
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value = 0;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

uint64_t pages_crc(uint64_t crc, const uint8_t *at, size_t len)
{
	pthread_once(&once, make_table);
	for (; len >= 8; at += 8, len -= 8) {
		crc ^= get64(at);
		crc = table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^ table[5][crc >> 16 & 0xff] ^ table[4][crc >> 24 & 0xff] ^
		      table[3][crc >> 32 & 0xff] ^ table[2][crc >> 40 & 0xff] ^ table[1][crc >> 48 & 0xff] ^ table[0][crc >> 56];
	}
	for (; len > 0; at++, len--)
		crc = (crc >> 8) ^ table[0][(crc ^ *at) & 0xff];
	return crc;
}

/* The number is part of it: a page in another's place is damage too. */
uint64_t pages_sum(const uint8_t *page, uint32_t number)
{
	uint8_t text[4];
	pages_put32(text, number);
	return pages_crc(pages_crc(SEED, text, sizeof(text)), page, PAGES_BYTES - PAGES_RESERVED);
}

void pages_sum_put(uint8_t *page, uint32_t number)
{
	uint64_t sum = pages_sum(page, number);
	for (int i = 0; i < PAGES_RESERVED; i++)
		page[PAGES_BYTES - PAGES_RESERVED + i] = (uint8_t)(sum >> 8 * i);
}

bool pages_sum_fits(const uint8_t *page, uint32_t number)
{
	return get64(page + PAGES_BYTES - PAGES_RESERVED) == pages_sum(page, number);
}

uint32_t pages_get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void pages_put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

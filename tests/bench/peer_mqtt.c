/* MQTT 3.1.1 with quality of service 1 both ways, and a session that the broker keeps. */
#include "peer.h"

#include <string.h>

enum { MQTT_CONNACK = 0x20, MQTT_PUBLISH = 0x30, MQTT_PUBACK = 0x40, MQTT_SUBACK = 0x90, MQTT_QOS1 = 0x02, MQTT_IDS = 65535, MQTT_HEAD_MAX = 5 };

static void put_head(struct buf *out, uint8_t kind, size_t len)
{
	buf_add_byte(out, kind);
	for (; len > 127; len >>= 7)
		buf_add_byte(out, (uint8_t)(len | 128));
	buf_add_byte(out, (uint8_t)len);
}

static void put_text(struct buf *out, const char *text)
{
	peer_put(out, strlen(text), 2);
	buf_add_text(out, text);
}

static void mqtt_open(struct peer *peer)
{
	char name[64] = {peer->sends ? 's' : 'r'};
	memcpy(name + 1, peer->queue, sizeof(peer->queue));
	put_head(&peer->out, 0x10, 10 + 2 + strlen(name));
	put_text(&peer->out, "MQTT");
	peer_put(&peer->out, 4, 1); /* the protocol's level */
	peer_put(&peer->out, 0, 1); /* keep the session */
	peer_put(&peer->out, 0, 2); /* no keep-alive */
	put_text(&peer->out, name);
}

static void subscribe(struct peer *peer)
{
	put_head(&peer->out, 0x82, 2 + 2 + strlen(peer->queue) + 1);
	peer_put(&peer->out, 1, 2);
	put_text(&peer->out, peer->queue);
	peer_put(&peer->out, 1, 1);
}

static void take(struct peer *peer, const uint8_t *at, size_t len)
{
	size_t topic = (size_t)peer_get(at, 2);
	if (topic + 4 > len)
		peer_fail(peer, "topic", BYTES_NONE);
	peer_taken(peer, bytes_of(at + topic + 4, len - topic - 4));
	put_head(&peer->out, MQTT_PUBACK, 2);
	buf_add(&peer->out, bytes_of(at + 2 + topic, 2));
}

static void on_packet(struct peer *peer, uint8_t kind, const uint8_t *at, size_t len)
{
	if (kind == MQTT_CONNACK && (len != 2 || at[1]))
		peer_fail(peer, "not connected", BYTES_NONE);
	if (kind == MQTT_CONNACK && peer->sends)
		peer->is_ready = true;
	else if (kind == MQTT_CONNACK)
		subscribe(peer);
	else if (kind == MQTT_SUBACK)
		peer->is_ready = len == 3 && at[2] == 1;
	else if (kind == MQTT_PUBLISH)
		take(peer, at, len);
	else if (kind == MQTT_PUBACK)
		peer_acknowledged(peer, 1);
}

static size_t mqtt_read(struct peer *peer, struct bytes in)
{
	size_t done = 0;
	while (in.len - done >= 2) {
		const uint8_t *at = in.at + done;
		size_t len = 0, head = 1;
		bool is_whole = false;
		for (; !is_whole && head < MQTT_HEAD_MAX && done + head < in.len; head++) {
			len |= (size_t)(at[head] & 127) << (7 * (head - 1));
			is_whole = !(at[head] & 128);
		}
		if (!is_whole || in.len - done < head + len)
			break;
		on_packet(peer, at[0] & 0xf0, at + head, len);
		done += head + len;
	}
	return done;
}

static void mqtt_publish(struct peer *peer, struct bytes body)
{
	peer->tag = peer->tag % MQTT_IDS + 1;
	put_head(&peer->out, MQTT_PUBLISH | MQTT_QOS1, 2 + strlen(peer->queue) + 2 + body.len);
	put_text(&peer->out, peer->queue);
	peer_put(&peer->out, peer->tag, 2);
	buf_add(&peer->out, body);
}

const struct peer_protocol peer_mqtt = {"mqtt", false, mqtt_open, mqtt_read, mqtt_publish};

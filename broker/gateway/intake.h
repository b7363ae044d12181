/* Frames of an adapter at work, made into jobs. Only as much is read as the gateway must know; the verifier reads the rest.
 * Thread: any, pure. */
#ifndef BROKER_GATEWAY_INTAKE_H
#define BROKER_GATEWAY_INTAKE_H

#include "broker/wires/job.h"

/* SUBMIT, ACK, CREDIT or CERT_ASK. The frame is copied where it is needed later. job->count of a SUBMIT is its messages:
 * malformed when there are none, too_large when there are more than batch_max. protocol for a frame that an adapter does not
 * send. */
RESULT intake_job(enum frame_kind kind, struct bytes frame, int64_t batch_max, uint64_t link, const char *party, struct job **ret,
                  struct err *err);

#endif

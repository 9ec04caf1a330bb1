#include "CHiredisBaseline.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_KEYS = 15, MAXIMUM_CONNECTIONS = 64 };

double baseline_processor_nanoseconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static int append(redisContext *context, const char *prefix, int key_count) {
  char keys[MAXIMUM_KEYS][128];
  const char *arguments[MAXIMUM_KEYS + 1];
  size_t lengths[MAXIMUM_KEYS + 1];
  int count = 1;
  for (int key = 0; key < (key_count ? key_count : 1); key++, count++) {
    lengths[count] = (size_t)snprintf(keys[key], sizeof keys[key], "%s%08lx", prefix, random());
    arguments[count] = keys[key];
  }
  if (key_count) {
    arguments[0] = "MGET";
    lengths[0] = 4;
  } else {
    arguments[0] = "SETEX";
    lengths[0] = 5;
    arguments[2] = "720";
    lengths[2] = 3;
    arguments[3] = "logout";
    lengths[3] = 6;
    count = 4;
  }
  return redisAppendCommandArgv(context, count, arguments, lengths);
}

static int flush(redisContext *context) {
  int is_done = 0;
  while (!is_done)
    if (redisBufferWrite(context, &is_done) != REDIS_OK) return REDIS_ERR;
  return REDIS_OK;
}

/// One reply to each command of each connection.
static int round_trip(redisContext **contexts, const char *prefix, int key_count, int connection_count, int depth) {
  for (int connection = 0; connection < connection_count; connection++) {
    for (int command = 0; command < depth; command++)
      if (append(contexts[connection], prefix, key_count) != REDIS_OK) return -1;
    if (flush(contexts[connection]) != REDIS_OK) return -1;
  }
  for (int connection = 0; connection < connection_count; connection++) {
    for (int command = 0; command < depth; command++) {
      redisReply *reply = NULL;
      if (redisGetReply(contexts[connection], (void **)&reply) != REDIS_OK) return -1;
      int is_expected = reply->type == (key_count ? REDIS_REPLY_ARRAY : REDIS_REPLY_STATUS);
      freeReplyObject(reply);
      if (!is_expected) return -1;
    }
  }
  return 0;
}

int baseline_run(const char *host, int port, const char *prefix, int key_count, int connection_count, int depth,
                  double seconds, long *count) {
  redisContext *contexts[MAXIMUM_CONNECTIONS] = {NULL};
  if (key_count > MAXIMUM_KEYS || connection_count > MAXIMUM_CONNECTIONS) return -1;
  int result = 0;
  *count = 0;
  for (int index = 0; index < connection_count && result == 0; index++) {
    contexts[index] = redisConnect(host, port);
    if (contexts[index] == NULL || contexts[index]->err) result = -1;
  }
  double end = seconds_now() + seconds;
  while (result == 0 && seconds_now() < end) {
    result = round_trip(contexts, prefix, key_count, connection_count, depth);
    *count += (long)connection_count * depth;
  }
  for (int index = 0; index < connection_count; index++)
    if (contexts[index]) redisFree(contexts[index]);
  return result;
}

int baseline_ready(const char *host, int port, const char *epoch) {
  redisContext *context = redisConnect(host, port);
  int is_ready = 0;
  if (context && !context->err) {
    if (epoch) freeReplyObject(redisCommand(context, "SET revoked.epoch %s", epoch));
    redisReply *reply = redisCommand(context, "GET revoked.epoch");
    is_ready = reply && reply->type == REDIS_REPLY_STRING;
    freeReplyObject(reply);
  }
  if (context) redisFree(context);
  return is_ready;
}

int baseline_free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  int port = -1;
  if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, length) == 0 &&
      getsockname(descriptor, (struct sockaddr *)&address, &length) == 0)
    port = ntohs(address.sin_port);
  if (descriptor >= 0) close(descriptor);
  return port;
}

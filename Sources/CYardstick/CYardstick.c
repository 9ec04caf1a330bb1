#include "CYardstick.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double processor_nanoseconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

double yardstick_mget(const char *host, int port, const char *prefix, int key_count, int depth, long rounds) {
  redisContext *context = redisConnect(host, port);
  if (context == NULL || context->err || key_count > 15) {
    if (context) redisFree(context);
    return -1;
  }
  char keys[15][128];
  const char *arguments[16] = {"MGET"};
  size_t lengths[16] = {4};
  double start = processor_nanoseconds();
  double result = -1;
  for (long round = 0; round < rounds; round++) {
    for (int command = 0; command < depth; command++) {
      for (int key = 0; key < key_count; key++) {
        lengths[key + 1] = (size_t)snprintf(keys[key], sizeof keys[key], "%s%08lx", prefix, random());
        arguments[key + 1] = keys[key];
      }
      if (redisAppendCommandArgv(context, key_count + 1, arguments, lengths) != REDIS_OK) goto end;
    }
    for (int command = 0; command < depth; command++) {
      redisReply *reply = NULL;
      if (redisGetReply(context, (void **)&reply) != REDIS_OK || reply->type != REDIS_REPLY_ARRAY) goto end;
      freeReplyObject(reply);
    }
  }
  result = (processor_nanoseconds() - start) / ((double)rounds * depth);
end:
  redisFree(context);
  return result;
}

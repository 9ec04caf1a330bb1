#define _GNU_SOURCE
#include "CHiredisBaseline.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_CONNECTIONS = 64, MAXIMUM_RESPONSE = 65536 };

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static int open_connection(int port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  int yes = 1;
  if (descriptor < 0) return -1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

static int send_all(int descriptor, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) return -1;
    bytes += sent;
    length -= (size_t)sent;
  }
  return 0;
}

/// Takes one response with a Content-Length. Its body's length; below zero unless the status is 200.
static long receive(int descriptor, char *body, long capacity) {
  char response[MAXIMUM_RESPONSE + 1];
  size_t length = 0;
  while (length < MAXIMUM_RESPONSE) {
    ssize_t received = recv(descriptor, response + length, MAXIMUM_RESPONSE - length, 0);
    if (received <= 0) return -1;
    length += (size_t)received;
    response[length] = 0;
    const char *end = strstr(response, "\r\n\r\n");
    if (end == NULL) continue;
    if (strncmp(response, "HTTP/1.1 200", 12) != 0) return -1;
    const char *header = strcasestr(response, "content-length:");
    if (header == NULL || header > end) return -1;
    long body_length = strtol(header + 15, NULL, 10);
    if (length < (size_t)(end + 4 - response) + (size_t)body_length) continue;
    if (body && body_length < capacity) {
      memcpy(body, end + 4, (size_t)body_length);
      body[body_length] = 0;
    }
    return body_length;
  }
  return -1;
}

long baseline_http_once(int port, const char *request, char *body, long capacity) {
  int descriptor = open_connection(port);
  if (descriptor < 0) return -1;
  long length = send_all(descriptor, request, strlen(request)) == 0 ? receive(descriptor, body, capacity) : -1;
  close(descriptor);
  return length;
}

int baseline_http_run(int port, const char *request, int connection_count, double seconds, long *count, double *times,
                       long capacity) {
  int descriptors[MAXIMUM_CONNECTIONS];
  double sent[MAXIMUM_CONNECTIONS];
  if (connection_count > MAXIMUM_CONNECTIONS) return -1;
  int opened = 0;
  int result = 0;
  *count = 0;
  while (opened < connection_count && result == 0) {
    descriptors[opened] = open_connection(port);
    if (descriptors[opened] < 0) result = -1;
    else opened++;
  }
  double end = seconds_now() + seconds;
  while (result == 0 && seconds_now() < end) {
    for (int index = 0; index < connection_count && result == 0; index++) {
      sent[index] = seconds_now();
      result = send_all(descriptors[index], request, strlen(request));
    }
    for (int index = 0; index < connection_count && result == 0; index++) {
      if (receive(descriptors[index], NULL, 0) < 0) result = -1;
      if (*count < capacity) times[*count] = seconds_now() - sent[index];
      ++*count;
    }
  }
  for (int index = 0; index < opened; index++) close(descriptors[index]);
  return result;
}

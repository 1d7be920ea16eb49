/* A consumer in C: asks for its input as JSON text and logs how many readings came, and the latest one. */
#include <sluice/plugin_abi.h>
#include <stdio.h>
#include <stdlib.h>

#include "room.sluice.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

typedef struct logger {
  const sluice_host_v1* host;
  unsigned long long readings;
  char latest[256];
} logger;

static sluice_status create(const sluice_create_v1* args, void** self, sluice_error* error) {
  logger* made = calloc(1, sizeof *made);
  (void)error;
  if (made == NULL) return SLUICE_FAILED;
  made->host = args->host;
  *self = made;
  return SLUICE_OK;
}

static sluice_status on_batch(void* self, const sluice_input_batch_v1* batch, sluice_error* error) {
  logger* logger_ = self;
  (void)error;
  for (size_t i = 0; i < batch->count; ++i) {
    /* By the stride: the host's inputs may be longer than ours. */
    const sluice_input_v1* input =
        (const sluice_input_v1*)(const void*)((const char*)batch->inputs + i * batch->input_stride);
    ++logger_->readings;
    snprintf(logger_->latest, sizeof logger_->latest, "%.*s", (int)input->payload.size,
             (const char*)input->payload.data);
  }
  return SLUICE_OK;
}

static sluice_status on_tick(void* self, int64_t now_us, int64_t monotonic_us, sluice_error* error) {
  const logger* logger_ = self;
  char line[320];
  int size = snprintf(line, sizeof line, "%llu readings, the latest: %s", logger_->readings, logger_->latest);
  sluice_str text = {line, (size_t)size};
  (void)now_us, (void)monotonic_us, (void)error;
  logger_->host->log(logger_->host->context, SLUICE_LOG_INFO, text);
  return SLUICE_OK;
}

static void destroy(void* self) { free(self); }

static const sluice_stream_v1 streams[] = {{.struct_size = sizeof(sluice_stream_v1),
                                            .direction = SLUICE_DIRECTION_IN,
                                            .kind = SLUICE_STREAM_EVENTS,
                                            .cleanup = SLUICE_CLEANUP_DELETE,
                                            .name = TEXT("room_readings"),
                                            .message = TEXT("room.Reading"),
                                            .topic = TEXT("room-readings"),
                                            .partitions = 1}};

static const sluice_consumer_v1 consumer = {.struct_size = sizeof(sluice_consumer_v1),
                                            .state_version = 1,
                                            .create = create,
                                            .on_batch = on_batch,
                                            .on_tick = on_tick,
                                            .destroy = destroy,
                                            .tick_interval_ms = 5000};

static const sluice_plugin_v1 plugin = {.struct_size = sizeof(sluice_plugin_v1),
                                        .abi_major = SLUICE_ABI_MAJOR,
                                        .abi_minor = SLUICE_TARGET_ABI_MINOR,
                                        .kind = SLUICE_KIND_CONSUMER,
                                        .flags = SLUICE_PLUGIN_INPUT_AS_JSON,
                                        .option_stride = sizeof(sluice_option_v1),
                                        .stream_stride = sizeof(sluice_stream_v1),
                                        .name = TEXT("room_logger"),
                                        .version = TEXT("1.0.0"),
                                        .description = TEXT("Logs the readings of rooms."),
                                        .descriptor_set = {room_descriptor_set, sizeof room_descriptor_set},
                                        .streams = streams,
                                        .stream_count = 1,
                                        .consumer = &consumer};

SLUICE_PLUGIN_ENTRY(room_logger) { return &plugin; }

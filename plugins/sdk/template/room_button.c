/* A source in C: somebody presses the button of a room once per interval. Emits JSON, which the host checks and
 * converts. */
#include <sluice/plugin_abi.h>
#include <stdlib.h>
#include <string.h>

#include "room.sluice.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 }

typedef struct button {
  const sluice_host_v1* host;
  int64_t interval_us;
} button;

static sluice_status create(const sluice_create_v1* args, void** self, sluice_error* error) {
  button* made = malloc(sizeof *made);
  (void)error;
  if (made == NULL) return SLUICE_FAILED;
  made->host = args->host;
  made->interval_us = args->values[0].integer; /* in the order of the option table */
  *self = made;
  return SLUICE_OK;
}

static sluice_status run(void* self, sluice_error* error) {
  const button* button_ = self;
  const sluice_host_v1* host = button_->host;
  char json[] = "{\"room\":\"hall\",\"celsius\":21.5}";
  sluice_event_v1 event = {.stream = 0, .encoding = SLUICE_ENCODING_JSON, .flags = SLUICE_EVENT_TIME_NOW};
  sluice_batch_v1 batch = {sizeof batch, sizeof event, &event, 1};
  event.payload.data = (const uint8_t*)json;
  event.payload.size = strlen(json);
  do {
    sluice_emit_result_v1 result = {.struct_size = sizeof result};
    sluice_status status = host->emit(host->context, &batch, &result, error);
    while (status == SLUICE_BUSY && host->wait(host->context, 10000) != SLUICE_STOPPED) {
      status = host->emit(host->context, &batch, &result, error);
    }
    if (status == SLUICE_FAILED) return status; /* REFUSED is counted by the host, the next one may fit */
  } while (host->wait(host->context, button_->interval_us) != SLUICE_STOPPED);
  return SLUICE_OK;
}

static void destroy(void* self) { free(self); }

static const sluice_option_v1 options[] = {{.struct_size = sizeof(sluice_option_v1),
                                            .type = SLUICE_OPTION_DURATION,
                                            .name = TEXT("interval"),
                                            .default_value = TEXT("1s"),
                                            .bounds = TEXT("1ms..1h"),
                                            .help = TEXT("Time between two presses.")}};

static const sluice_stream_v1 streams[] = {{.struct_size = sizeof(sluice_stream_v1),
                                            .direction = SLUICE_DIRECTION_OUT,
                                            .kind = SLUICE_STREAM_EVENTS,
                                            .cleanup = SLUICE_CLEANUP_DELETE,
                                            .name = TEXT("room_buttons"),
                                            .message = TEXT("room.Reading"),
                                            .topic = TEXT("room-buttons"),
                                            .key_field = TEXT("room"),
                                            .partitions = 1}};

static const sluice_source_v1 source = {
    .struct_size = sizeof(sluice_source_v1), .create = create, .run = run, .destroy = destroy};

static const sluice_plugin_v1 plugin = {.struct_size = sizeof(sluice_plugin_v1),
                                        .abi_major = SLUICE_ABI_MAJOR,
                                        .abi_minor = SLUICE_TARGET_ABI_MINOR,
                                        .kind = SLUICE_KIND_SOURCE,
                                        .option_stride = sizeof(sluice_option_v1),
                                        .stream_stride = sizeof(sluice_stream_v1),
                                        .name = TEXT("room_button"),
                                        .version = TEXT("1.0.0"),
                                        .description = TEXT("Button presses of a room."),
                                        .descriptor_set = {room_descriptor_set, sizeof room_descriptor_set},
                                        .options = options,
                                        .option_count = 1,
                                        .streams = streams,
                                        .stream_count = 1,
                                        .source = &source};

SLUICE_PLUGIN_ENTRY(room_button) { return &plugin; }

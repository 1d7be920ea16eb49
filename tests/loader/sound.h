/* A plugin without a fault, in the plain C ABI: each file in broken/ changes one thing of it, those in loads/ change
 * what may be changed. PLUGIN_NAME is the name of the file, given by the build. */
#ifndef SLUICE_TESTS_LOADER_SOUND_H
#define SLUICE_TESTS_LOADER_SOUND_H

#include <sluice/plugin_abi.h>
#include <string.h>

#define STR(literal) \
  { literal, sizeof(literal) - 1 }

/* message test.Reading { string device = 1; int64 time_us = 2; double value = 3; } */
static const uint8_t kDescriptorSet[] = {
    0x0a, 0x6f, 0x0a, 0x0d, 0x72, 0x65, 0x61, 0x64, 0x69, 0x6e, 0x67, 0x2e, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x12, 0x04,
    0x74, 0x65, 0x73, 0x74, 0x22, 0x50, 0x0a, 0x07, 0x52, 0x65, 0x61, 0x64, 0x69, 0x6e, 0x67, 0x12, 0x16, 0x0a, 0x06,
    0x64, 0x65, 0x76, 0x69, 0x63, 0x65, 0x18, 0x01, 0x20, 0x01, 0x28, 0x09, 0x52, 0x06, 0x64, 0x65, 0x76, 0x69, 0x63,
    0x65, 0x12, 0x17, 0x0a, 0x07, 0x74, 0x69, 0x6d, 0x65, 0x5f, 0x75, 0x73, 0x18, 0x02, 0x20, 0x01, 0x28, 0x03, 0x52,
    0x06, 0x74, 0x69, 0x6d, 0x65, 0x55, 0x73, 0x12, 0x14, 0x0a, 0x05, 0x76, 0x61, 0x6c, 0x75, 0x65, 0x18, 0x03, 0x20,
    0x01, 0x28, 0x01, 0x52, 0x05, 0x76, 0x61, 0x6c, 0x75, 0x65, 0x62, 0x06, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x33,
};

static const sluice_host_v1* host;

static inline sluice_status fail(sluice_error* error, const char* text) {
  error->size = strlen(text) < error->capacity ? strlen(text) : error->capacity;
  memcpy(error->data, text, error->size);
  return SLUICE_FAILED;
}

/* One reading on stream 0: device "d". */
static inline sluice_event_v1 reading(void) {
  static const uint8_t kWire[] = {0x0a, 0x01, 'd'};
  sluice_event_v1 event;
  memset(&event, 0, sizeof event);
  event.encoding = SLUICE_ENCODING_PROTOBUF;
  event.event_time_us = 1;
  event.payload.data = kWire;
  event.payload.size = sizeof kWire;
  return event;
}

static inline sluice_status emit(const sluice_event_v1* events, size_t count, sluice_error* error) {
  sluice_batch_v1 batch = {sizeof batch, sizeof *events, events, count};
  sluice_emit_result_v1 result = {sizeof result, 0, 0, 0};
  return host->emit(host->context, &batch, &result, error);
}

static inline sluice_status sound_create(const sluice_create_v1* args, void** self, sluice_error* error) {
  (void)error;
  host = args->host;
  *self = NULL;
  return SLUICE_OK;
}

/* Emits one reading and is finished. */
static inline sluice_status sound_run(void* self, sluice_error* error) {
  const sluice_event_v1 event = reading();
  (void)self;
  return emit(&event, 1, error);
}

static inline sluice_status sound_on_batch(void* self, const sluice_input_batch_v1* batch, sluice_error* error) {
  (void)self;
  (void)batch;
  (void)error;
  return SLUICE_OK;
}

static inline void sound_destroy(void* self) { (void)self; }

static inline sluice_stream_v1 sound_stream(void) {
  sluice_stream_v1 stream = {sizeof stream,
                             SLUICE_DIRECTION_OUT,
                             SLUICE_STREAM_EVENTS,
                             SLUICE_CLEANUP_DELETE,
                             STR("readings"),
                             STR("test.Reading"),
                             STR("test-readings"),
                             STR("device"),
                             STR("time_us"),
                             4,
                             0,
                             0};
  return stream;
}

static inline sluice_option_v1 sound_option(void) {
  sluice_option_v1 option = {sizeof option, SLUICE_OPTION_INTEGER,      STR("rate"), STR("10"),
                             STR("1..100"), STR("Events in a second."), 0,           0};
  return option;
}

static sluice_stream_v1 streams[2];
static sluice_option_v1 options[2];
static sluice_source_v1 source;
static sluice_consumer_v1 consumer;
static sluice_plugin_v1 plugin;

static inline void sound_tables(void) {
  streams[0] = sound_stream();
  options[0] = sound_option();
  memset(&plugin, 0, sizeof plugin);
  plugin.struct_size = sizeof plugin;
  plugin.abi_major = SLUICE_ABI_MAJOR;
  plugin.abi_minor = SLUICE_TARGET_ABI_MINOR;
  plugin.option_stride = sizeof(sluice_option_v1);
  plugin.stream_stride = sizeof(sluice_stream_v1);
  plugin.name.data = PLUGIN_NAME;
  plugin.name.size = strlen(PLUGIN_NAME);
  plugin.version.data = "1.0.0";
  plugin.version.size = 5;
  plugin.descriptor_set.data = kDescriptorSet;
  plugin.descriptor_set.size = sizeof kDescriptorSet;
  plugin.options = options;
  plugin.option_count = 1;
  plugin.streams = streams;
  plugin.stream_count = 1;
}

/* Fills `plugin` with a source of one stream and one option; the caller then spoils it. */
static inline void sound_source(void) {
  sound_tables();
  memset(&source, 0, sizeof source);
  source.struct_size = sizeof source;
  source.create = sound_create;
  source.run = sound_run;
  source.destroy = sound_destroy;
  plugin.kind = SLUICE_KIND_SOURCE;
  plugin.source = &source;
}

/* Fills `plugin` with a consumer of that stream. */
static inline void sound_consumer(void) {
  sound_tables();
  streams[0].direction = SLUICE_DIRECTION_IN;
  memset(&consumer, 0, sizeof consumer);
  consumer.struct_size = sizeof consumer;
  consumer.create = sound_create;
  consumer.on_batch = sound_on_batch;
  consumer.destroy = sound_destroy;
  plugin.kind = SLUICE_KIND_CONSUMER;
  plugin.consumer = &consumer;
}

#endif

/* A consumer that sums up what it is given, keeps it as its state and refuses what has no key. */
#include "../sound.h"

static uint64_t count;

static sluice_status on_batch(void* self, const sluice_input_batch_v1* batch, sluice_error* error) {
  static const sluice_str kReason = STR("no_key");
  static const sluice_str kDetail = STR("an input without a key");
  const sluice_input_v1* input = batch->inputs;
  (void)self;
  (void)error;
  for (size_t i = 0; i < batch->count; ++i) {
    const sluice_bytes none = {NULL, 0};
    count += input->payload.size + (input->flags & SLUICE_EVENT_DELETE ? 1000 : 0);
    if (input->key.size == 0) host->refuse(host->context, kReason, kDetail, input, none);
    input = (const sluice_input_v1*)((const char*)input + batch->input_stride);
  }
  return SLUICE_OK;
}

static sluice_status on_tick(void* self, int64_t now_us, int64_t monotonic_us, sluice_error* error) {
  (void)self;
  return now_us > monotonic_us ? SLUICE_OK : fail(error, "the clocks are mixed up");
}

static sluice_status save(void* self, const sluice_writer_v1* writer, sluice_error* error) {
  const sluice_bytes bytes = {(const uint8_t*)&count, sizeof count};
  (void)self;
  return writer->write(writer->context, bytes) == SLUICE_OK ? SLUICE_OK : fail(error, "cannot write");
}

static sluice_status load(void* self, sluice_bytes state, sluice_error* error) {
  (void)self;
  if (state.size != sizeof count) return fail(error, "a state has eight bytes");
  memcpy(&count, state.data, sizeof count);
  return SLUICE_OK;
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_consumer();
  consumer.on_batch = on_batch;
  consumer.on_tick = on_tick;
  consumer.save = save;
  consumer.load = load;
  consumer.state_version = 3;
  consumer.tick_interval_ms = 250;
  consumer.order = SLUICE_ORDER_EVENT_TIME;
  return &plugin;
}

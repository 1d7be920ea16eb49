/* Calls itself without end. */
#include "../sound.h"

static volatile int depth;

static int deeper(volatile char* above) {
  volatile char frame[4096];
  frame[0] = *above;
  depth = depth + 1;
  return depth < 0 ? 0 : deeper(frame) + frame[0];
}

static sluice_status run(void* self, sluice_error* error) {
  volatile char top = 0;
  (void)self;
  (void)error;
  return (sluice_status)deeper(&top);
}

const sluice_plugin_v1* sluice_plugin_entry_v1(void) {
  sound_source();
  source.run = run;
  return &plugin;
}

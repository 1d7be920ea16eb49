/* The sluice plugin ABI, version 1: the whole boundary between the gateway ("host") and a plugin.
 *
 * POLICY
 *   Shape       Plain C11; only <stddef.h> and <stdint.h>. A plugin exports exactly one symbol,
 *               sluice_plugin_entry_v1, which returns a description of the plugin. The host hands over a table of
 *               functions. No C++ type, exception, allocation or library object crosses.
 *   Frozen      A released entity never changes: not its name, layout, numbering, ownership, thread or nullability.
 *               New needs become members appended behind struct_size (minor version + 1) or a new entity _v2.
 *   Versions    A plugin states the major and minor it was compiled for. Another major is refused. A minor newer than
 *               the host's is refused, with both versions named. An older minor always loads: what it lacks reads as
 *               zero. An author may target an older minor by defining SLUICE_TARGET_ABI_MINOR before this header: a
 *               member since minor N stands inside `#if SLUICE_TARGET_ABI_MINOR >= N`, so sizeof is that of the target.
 *   Sizes       Every struct the other side reads begins with its struct_size as compiled. Every array is passed with
 *               its element stride, so that either side may grow. No struct ends in padding (a member appended into
 *               it would not show in struct_size). Reserved members and unknown flag bits are zero. Booleans are
 *               uint32_t; 0 is no valid enumerator, except SLUICE_OK.
 *   Statuses    The set that flows plugin -> host may grow; the set that flows host -> plugin is closed per major.
 *   Memory      Who allocates frees. What is passed to a call is borrowed for that call, and copied by the callee if
 *               it needs it longer. What sluice_plugin_entry_v1 returns is the plugin's static storage, valid until the
 *               process ends (a plugin is never unloaded).
 *   Text        UTF-8, not zero-terminated (sluice_str). A null data pointer is allowed when size is 0.
 *   Errors      Functions return a sluice_status. Where an error has text, the caller lends a sluice_error; the callee
 *               writes up to `capacity` bytes and sets `size`. The text names what was wrong and what was expected.
 *   Threads     Stated per function. "Instance thread" is the one thread the host makes for that instance: calls of one
 *               instance never overlap, except the functions marked "any thread".
 *   Time        Event times are microseconds since 1970-01-01T00:00:00Z. Durations carry their unit in the name.
 */
/* The columns are set by hand, so that a member and its meaning stand side by side. */
/* clang-format off */
#ifndef SLUICE_PLUGIN_ABI_H
#define SLUICE_PLUGIN_ABI_H

#include <stddef.h>
#include <stdint.h>

#define SLUICE_ABI_MAJOR 1U
#define SLUICE_ABI_MINOR 0U
#ifndef SLUICE_TARGET_ABI_MINOR
#define SLUICE_TARGET_ABI_MINOR SLUICE_ABI_MINOR
#endif
#if SLUICE_TARGET_ABI_MINOR > SLUICE_ABI_MINOR
#error "SLUICE_TARGET_ABI_MINOR is newer than this header"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed text. */
typedef struct sluice_str {
  const char *data;
  size_t size;
} sluice_str;

/* Borrowed bytes. */
typedef struct sluice_bytes {
  const uint8_t *data;
  size_t size;
} sluice_bytes;

/* A caller-owned buffer for the text of an error. Never null where a function takes one. */
typedef struct sluice_error {
  char *data;
  size_t capacity;
  size_t size; /* bytes written by the callee, at most capacity; 0 = no text */
} sluice_error;

typedef uint32_t sluice_status;
enum {
  SLUICE_OK = 0,
  SLUICE_BUSY = 1,    /* host -> plugin: no room now; nothing more was taken, try again later */
  SLUICE_REFUSED = 2, /* host -> plugin: this event or row can never be taken; the error says why */
  SLUICE_STOPPED = 3, /* host -> plugin: the instance is being stopped; return soon */
  SLUICE_TIMEOUT = 4, /* host -> plugin: the given time passed first */
  SLUICE_FAILED = 5   /* both ways: the call failed; the error says why */
};

/* ---- description of a plugin (plugin's static storage) ------------------------------------------------------- */

enum { SLUICE_KIND_SOURCE = 1, SLUICE_KIND_CONSUMER = 2 };

enum {
  SLUICE_OPTION_STRING = 1,
  SLUICE_OPTION_INTEGER = 2,  /* int64 */
  SLUICE_OPTION_NUMBER = 3,   /* double, finite */
  SLUICE_OPTION_BOOLEAN = 4,
  SLUICE_OPTION_DURATION = 5, /* written "250ms", "5s", "10m", "2h", "7d"; handed over in microseconds */
  SLUICE_OPTION_BYTES = 6,    /* written "64KiB", "1MiB" or a plain integer; handed over in bytes */
  SLUICE_OPTION_ENUM = 7,     /* one word of `bounds` */
  SLUICE_OPTION_LIST = 8      /* list of strings */
};

/* One option. The host parses the default and the user's value by the same rules, checks both against bounds, documents
 * them and hands over the typed value. */
typedef struct sluice_option_v1 {
  uint32_t struct_size;
  uint32_t type;
  sluice_str name;          /* [a-z0-9_]{1,64}, unique in the table */
  sluice_str default_value; /* as a user would write it; null data = no default (the value is then unset) */
  sluice_str bounds;        /* integer, number, duration, bytes: "LOW..HIGH", either side may be empty; enum: "a|b|c";
                               otherwise empty */
  sluice_str help;          /* one sentence */
  uint32_t is_required;     /* 1: a configuration without it is an error; then there is no default */
  uint32_t reserved;
} sluice_option_v1;

/* The value of an option, in the order of the plugin's option table. Valid for the call of create. */
typedef struct sluice_value_v1 {
  uint32_t struct_size;
  uint32_t type;
  uint32_t is_set;      /* 0: neither given nor defaulted */
  uint32_t is_explicit; /* 1: the configuration gives it */
  int64_t integer;      /* integer; boolean (0, 1); duration (microseconds); bytes */
  double number;
  sluice_str text;      /* string, enum */
  const sluice_str *list;
  size_t list_count;
} sluice_value_v1;

enum { SLUICE_DIRECTION_IN = 1, SLUICE_DIRECTION_OUT = 2 };
enum { SLUICE_STREAM_EVENTS = 1, SLUICE_STREAM_TABLE = 2 };
enum { SLUICE_CLEANUP_DELETE = 1, SLUICE_CLEANUP_COMPACT = 2, SLUICE_CLEANUP_COMPACT_DELETE = 3 };

/* One stream a plugin writes (out) or reads (in). Topic, partitions, retention and clean-up are defaults that the
 * configuration may change; an in stream's partitions, retention and clean-up are not looked at. Streams are numbered by
 * their place in the table. */
typedef struct sluice_stream_v1 {
  uint32_t struct_size;
  uint32_t direction;
  uint32_t kind;          /* table: latest row per key, out only */
  uint32_t cleanup;
  sluice_str name;        /* [a-z0-9_]{1,64}, unique in the table */
  sluice_str message;     /* full protobuf name, found in the descriptor set */
  sluice_str topic;
  sluice_str key_field;   /* proto name of a string or integer field; empty = events carry no key of their own */
  sluice_str time_field;  /* proto name of the int64 event time, in the unit of its (sluice.format); empty = the time
                             given with each event */
  uint32_t partitions;    /* 1..1000 */
  uint32_t reserved;
  int64_t retention_ms;   /* 0 = the broker's default */
} sluice_stream_v1;

/* ---- events ---------------------------------------------------------------------------------------------------- */

enum {
  SLUICE_ENCODING_PROTOBUF = 1, /* wire bytes of the stream's message */
  SLUICE_ENCODING_JSON = 2,     /* JSON text of the stream's message; the host converts and checks it */
  SLUICE_ENCODING_RAW = 3       /* a stream without a schema: bytes are carried through untouched */
};

enum {
  SLUICE_EVENT_DELETE = 1,   /* the row of this (non-empty) key is gone; the payload is empty. Table streams, inputs */
  SLUICE_EVENT_TIME_NOW = 2  /* event_time_us is ignored: time_field of the payload, else the host's clock, counts */
};

/* An event on its way into the host. */
typedef struct sluice_event_v1 {
  uint32_t stream;       /* number of one of the instance's out streams */
  uint32_t encoding;
  uint32_t flags;
  uint32_t reserved;
  int64_t event_time_us;
  sluice_bytes key;      /* may be empty; then key_field of the payload counts if the stream has one */
  sluice_bytes payload;  /* at most the host's event_max_bytes */
} sluice_event_v1;

typedef struct sluice_batch_v1 {
  uint32_t struct_size;
  uint32_t event_stride; /* sizeof(sluice_event_v1), as the writer was compiled */
  const sluice_event_v1 *events;
  size_t count;
} sluice_batch_v1;

/* What emit did: events [0, accepted) are owned by the host; the rest was not touched. */
typedef struct sluice_emit_result_v1 {
  uint32_t struct_size; /* set by the plugin */
  uint32_t reserved;
  size_t accepted;
  uint64_t ticket;      /* covers every accepted event and every smaller ticket; see wait_durable. 0 when nothing was
                           accepted */
} sluice_emit_result_v1;

/* An event handed to a consumer. */
typedef struct sluice_input_v1 {
  uint32_t stream;        /* number of one of the instance's in streams */
  int32_t partition;      /* -1 when it comes from the journal */
  int64_t offset;         /* from the journal: its sequence */
  int64_t event_time_us;
  int64_t arrival_time_us; /* when Kafka, or the journal, took it */
  sluice_bytes key;
  sluice_bytes payload;   /* in the encoding of the stream (see sluice_bound_stream_v1) */
  uint32_t flags;         /* SLUICE_EVENT_DELETE: a tombstone, told apart from a message whose fields are all default */
  uint32_t reserved;
} sluice_input_v1;

typedef struct sluice_input_batch_v1 {
  uint32_t struct_size;
  uint32_t input_stride;
  const sluice_input_v1 *inputs; /* within a partition in offset order */
  size_t count;
  int64_t wall_time_us;          /* the host's clock, read once for the batch */
  uint64_t gap_events;           /* events known to be missing just before this batch */
} sluice_input_batch_v1;

/* ---- what the host gives to an instance -------------------------------------------------------------------------- */

/* A stream as the configuration bound it, in the order of the plugin's table; streams of the configuration
 * (generic plugins) follow. Valid for the call of create. */
typedef struct sluice_bound_stream_v1 {
  uint32_t struct_size;
  uint32_t direction;
  uint32_t kind;
  uint32_t encoding;             /* in streams: what payloads are; out streams: PROTOBUF, or RAW without a schema */
  sluice_str name;
  sluice_str topic;
  sluice_str message;            /* empty without a schema */
  sluice_str key_field;
  sluice_str time_field;
  sluice_bytes descriptor_set;   /* serialized google.protobuf.FileDescriptorSet; empty without a schema */
} sluice_bound_stream_v1;

enum { SLUICE_LOG_DEBUG = 1, SLUICE_LOG_INFO = 2, SLUICE_LOG_WARNING = 3, SLUICE_LOG_ERROR = 4 };

/* The host's functions for one instance. Valid from create until destroy returns; `context` is their first argument.
 * All are safe on any thread of the plugin unless stated. None throws. */
typedef struct sluice_host_v1 {
  uint32_t struct_size;
  uint32_t abi_minor; /* the host's */
  void *context;

  /* Takes events in order and copies them. Never blocks. Stops at the first it cannot take:
   *   OK       all are taken
   *   BUSY     no room for events[accepted] and later; try them again after `wait`
   *   REFUSED  events[accepted] can never be taken (error: why); go on with the one behind it. It is counted as refused
   *   STOPPED  the instance is stopping; events[accepted] and later were not taken
   *   FAILED   the batch itself is malformed (its size or stride); nothing was taken
   * Events of a table stream are rows; the latest per key counts. */
  sluice_status (*emit)(void *context, const sluice_batch_v1 *batch, sluice_emit_result_v1 *result, sluice_error *error);

  /* Waits until everything the ticket covers survives a crash (in journal mode "memory": at once). OK, TIMEOUT, FAILED.
   * A timeout of 0 only asks. It is not cut short by the stop request, so that a source can still acknowledge. */
  sluice_status (*wait_durable)(void *context, uint64_t ticket, int64_t timeout_ms, sluice_error *error);

  /* Waits for the duration or for the stop request, whichever is first: TIMEOUT or STOPPED. Accurate to the timer slack
   * of the system; a source paces itself by monotonic_us, not by adding up waits. */
  sluice_status (*wait)(void *context, int64_t duration_us);

  /* 1 once the instance is asked to stop. */
  uint32_t (*is_stopping)(void *context);

  int64_t (*wall_time_us)(void *context);
  int64_t (*monotonic_us)(void *context);

  void (*log)(void *context, uint32_t level, sluice_str text);

  /* Counts events a source could not turn into an emit (a malformed line, say) or a consumer refused, by reason.
   * `reason` is [a-z0-9_]{1,64}; at most 64 different ones per instance, the rest count as "other". With `payload`, the
   * original goes to the dead-letter stream beside `detail`. An input is one of the batch being delivered, by its address
   * there: only inside on_batch, and never a copy. */
  void (*refuse)(void *context, sluice_str reason, sluice_str detail, const sluice_input_v1 *input_or_null,
                 sluice_bytes payload);

  /* A source's own memory across restarts: replaces the saved_state of create. At most 1 MiB. Save a read position only
   * after wait_durable, or a crash skips events. Durable when it returns OK
   * (in journal mode "memory": written, not forced to the device). */
  sluice_status (*save_state)(void *context, sluice_bytes state, sluice_error *error);
} sluice_host_v1;

/* Everything create needs. Valid for the call, except `host`, which lives until destroy returns. */
typedef struct sluice_create_v1 {
  uint32_t struct_size;
  uint32_t value_stride;
  uint32_t stream_stride;
  uint32_t reserved;
  const sluice_host_v1 *host;
  sluice_str instance;                    /* the name in the configuration */
  sluice_str state_dir;                   /* a folder of this instance's own, made by the host; empty: none */
  const sluice_value_v1 *values;          /* one per option of the table */
  size_t value_count;
  const sluice_bound_stream_v1 *streams;
  size_t stream_count;
  sluice_bytes saved_state;               /* what save_state kept (sources); empty at the first start */
  uint64_t event_max_bytes;               /* largest payload emit takes */
} sluice_create_v1;

/* ---- callbacks --------------------------------------------------------------------------------------------------- */

typedef struct sluice_source_v1 {
  uint32_t struct_size;
  uint32_t reserved;
  /* Any one thread, before the instance thread exists. On success *self is handed to every later call (null is allowed). */
  sluice_status (*create)(const sluice_create_v1 *args, void **self, sluice_error *error);
  /* Instance thread. Returns OK when the source has nothing more to give (a finished burst) or after request_stop; FAILED
   * is restarted by the host with back-off. */
  sluice_status (*run)(void *self, sluice_error *error);
  /* Any thread, may repeat; only wakes run. Optional: host->wait and is_stopping already tell. */
  void (*request_stop)(void *self);
  /* After run returned, or after create when run was never called. */
  void (*destroy)(void *self);
} sluice_source_v1;

/* Receives the bytes of a save; may be called several times, each call appends. */
typedef struct sluice_writer_v1 {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  sluice_status (*write)(void *context, sluice_bytes bytes);
} sluice_writer_v1;

typedef struct sluice_consumer_v1 {
  uint32_t struct_size;
  uint32_t state_version; /* raised when save's bytes change meaning; load is not called with another version */
  sluice_status (*create)(const sluice_create_v1 *args, void **self, sluice_error *error);
  /* Instance thread. OK: every input was used or refused. FAILED: the inputs count as not used, and the host restarts
   * the instance from its last saved state; so also when emit gave STOPPED before every output was taken. */
  sluice_status (*on_batch)(void *self, const sluice_input_batch_v1 *batch, sluice_error *error);
  /* Instance thread, about every tick_interval_ms and between batches; `now_us` is the host's wall clock, monotonic_us its
   * steady one. Optional. */
  sluice_status (*on_tick)(void *self, int64_t now_us, int64_t monotonic_us, sluice_error *error);
  /* Instance thread, between batches: writes the state that belongs to everything consumed so far. Optional. */
  sluice_status (*save)(void *self, const sluice_writer_v1 *writer, sluice_error *error);
  /* Instance thread, after create, before the first batch. Must leave a fresh instance as it was when it fails. Optional,
   * with save. */
  sluice_status (*load)(void *self, sluice_bytes state, sluice_error *error);
  /* Any one thread, last. */
  void (*destroy)(void *self);
  uint32_t tick_interval_ms; /* 0 = 1000 */
  uint32_t order;            /* SLUICE_ORDER_*; 0 = arrival */
} sluice_consumer_v1;

enum { SLUICE_ORDER_ARRIVAL = 1, SLUICE_ORDER_EVENT_TIME = 2 };

enum {
  SLUICE_PLUGIN_STREAMS_FROM_CONFIG = 1, /* generic: the configuration may add streams to the table */
  SLUICE_PLUGIN_INPUT_AS_JSON = 2        /* consumer: inputs of in streams with a schema come as JSON text */
};

typedef struct sluice_plugin_v1 {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t kind;
  uint32_t flags;
  uint32_t option_stride;
  uint32_t stream_stride;
  uint32_t reserved;
  sluice_str name;              /* [a-z0-9_]{1,64}; equals the file name without ".so" */
  sluice_str version;           /* the plugin's own, such as "1.4.0" */
  sluice_str description;       /* one sentence */
  sluice_bytes descriptor_set;  /* serialized FileDescriptorSet with all imports; empty if no stream has a message */
  const sluice_option_v1 *options;
  size_t option_count;
  const sluice_stream_v1 *streams;
  size_t stream_count;
  const sluice_source_v1 *source;     /* set when kind is source, else null */
  const sluice_consumer_v1 *consumer; /* set when kind is consumer, else null */
} sluice_plugin_v1;

#if defined(__GNUC__)
#define SLUICE_EXPORT __attribute__((visibility("default")))
#else
#define SLUICE_EXPORT
#endif

/* The one exported symbol. Any thread; returns the same pointer each time; null means the plugin cannot work here. */
typedef const sluice_plugin_v1 *(*sluice_plugin_entry_fn)(void);
#ifdef SLUICE_PLUGIN_STATIC
/* Static builds, for tests: the entry carries the plugin's name, so that several plugins fit into one program. */
#define SLUICE_PLUGIN_ENTRY(plugin_name) const sluice_plugin_v1 *sluice_plugin_entry_v1_##plugin_name(void)
#else
SLUICE_EXPORT const sluice_plugin_v1 *sluice_plugin_entry_v1(void);
#define SLUICE_PLUGIN_ENTRY(plugin_name) SLUICE_EXPORT const sluice_plugin_v1 *sluice_plugin_entry_v1(void)
#endif

#ifdef __cplusplus
}
#endif
#endif

#include "kafka/errors.hpp"

#include <string>

namespace sluice::kafka {

std::string_view reason_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return "msg_size_too_large";
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return "invalid_record";
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return "invalid_timestamp";
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return "record_list_too_large";
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
      return "not_enough_replicas";
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return "not_enough_replicas";
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
      return "not_leader";
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
      return "not_leader";
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return "request_timed_out";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "topic_authorization_failed";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "cluster_authorization_failed";
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return "unknown_topic";
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return "unknown_topic";
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return "unknown_partition";
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
      return "out_of_order_sequence";
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
      return "unknown_producer_id";
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return "policy_violation";
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
      return "timed_out";
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      return "timed_out";
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      return "transport";
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
      return "purged_in_queue";
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
      return "purged_in_flight";
    case RD_KAFKA_RESP_ERR__FATAL:
      return "client_fatal";
    case RD_KAFKA_RESP_ERR__DESTROY:
      return "client_closed";
    default:
      return "other";
  }
}

bool is_permanent(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || error == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

Status to_status(rd_kafka_resp_err_t error, std::string_view context) {
  Code code = Code::kUnavailable;
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return {};
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      code = Code::kTimeout;
      break;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      code = Code::kInvalid;
      break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
      code = Code::kNotFound;
      break;
    default:
      break;
  }
  return Status(code, rd_kafka_err2str(error)).with_context(context);
}

}  // namespace sluice::kafka

#include "host_metrics/sampler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_files.hpp"
#include "host_metrics/sensors.hpp"

namespace sluice::host_metrics {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

std::optional<double> value_of(const Sample& sample, std::string_view kind, std::string_view name,
                               std::string_view metric) {
  for (const DeviceValue& value : sample.devices) {
    if (value.kind == kind && value.name == name && value.metric == metric) return value.value;
  }
  return std::nullopt;
}

TEST(RatePerSecond, is_absent_when_a_counter_fell_or_no_time_passed) {
  EXPECT_EQ(rate_per_second(100, 300, 2.0), 100.0);
  EXPECT_FALSE(rate_per_second(300, 100, 2.0).has_value());
  EXPECT_FALSE(rate_per_second(100, 300, 0.0).has_value());
}

TEST(Sampler, gives_cpu_shares_of_the_time_between_two_calls) {
  FakeFiles files;
  Sampler sampler(files, {});
  files.texts["/proc/stat"] = "cpu 100 0 100 800 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0\n";
  const Sample first = sampler.sample(0);
  files.texts["/proc/stat"] = "cpu 130 0 110 850 5 0 0 5\ncpu0 130 0 110 850 5 0 0 5\n";

  const Sample second = sampler.sample(kSecondUs);

  EXPECT_FALSE(first.machine.cpu_percent.has_value());
  EXPECT_EQ(second.machine.cpu_percent, 45.0);
  EXPECT_EQ(second.machine.cpu_user_percent, 30.0);
  EXPECT_EQ(second.machine.cpu_iowait_percent, 5.0);
  EXPECT_EQ(second.machine.cpu_steal_percent, 5.0);
  EXPECT_EQ(value_of(second, "core", "cpu0", "busy_percent"), 45.0);
}

TEST(Sampler, never_gives_a_negative_share_when_iowait_runs_backwards) {
  FakeFiles files;
  Sampler sampler(files, {});
  files.texts["/proc/stat"] = "cpu 100 0 100 800 50 0 0 0\n";
  sampler.sample(0);
  files.texts["/proc/stat"] = "cpu 110 0 100 890 40 0 0 0\n";

  const Sample sample = sampler.sample(kSecondUs);

  EXPECT_EQ(sample.machine.cpu_percent, 10.0);
  EXPECT_EQ(sample.machine.cpu_iowait_percent, 0.0);
}

TEST(Sampler, gives_disk_rates_of_whole_disks_and_sums_the_physical_ones) {
  FakeFiles files;
  files.texts["/sys/block/sda/size"] = "1";
  files.texts["/sys/block/dm-0/size"] = "1";
  Sampler sampler(files, {});
  files.texts["/proc/diskstats"] =
      "8 0 sda 10 0 100 0 10 0 100 0 0 1000 0\n8 1 sda1 10 0 100 0 10 0 100 0 0 1000 0\n253 0 dm-0 1 0 100 0 1 0 100 0 "
      "0 0 0\n";
  sampler.sample(0);
  files.texts["/proc/diskstats"] =
      "8 0 sda 30 0 300 0 10 0 500 0 0 2000 0\n8 1 sda1 30 0 300 0 10 0 500 0 0 2000 0\n253 0 dm-0 1 0 300 0 1 0 500 0 "
      "0 0 0\n";

  const Sample sample = sampler.sample(2 * kSecondUs);

  EXPECT_EQ(value_of(sample, "disk", "sda", "read_bytes_per_second"), 51'200.0);
  EXPECT_EQ(value_of(sample, "disk", "sda", "reads_per_second"), 10.0);
  EXPECT_EQ(value_of(sample, "disk", "sda", "busy_percent"), 50.0);
  EXPECT_FALSE(value_of(sample, "disk", "sda1", "reads_per_second").has_value());
  EXPECT_EQ(value_of(sample, "disk", "dm-0", "write_bytes_per_second"), 102'400.0);
  EXPECT_EQ(sample.machine.disk_read_bytes_per_second, 51'200.0);
}

TEST(Sampler, leaves_out_the_rates_of_a_device_that_was_replaced) {
  FakeFiles files;
  Sampler sampler(files, {});
  files.texts["/proc/diskstats"] = "8 0 sda 100 0 1000 0 100 0 1000 0 0 1000 0\n";
  sampler.sample(0);
  files.texts["/proc/diskstats"] = "8 0 sda 1 0 10 0 1 0 10 0 0 10 0\n";

  const Sample sample = sampler.sample(kSecondUs);

  EXPECT_TRUE(sample.devices.empty());
  EXPECT_FALSE(sample.machine.disk_read_bytes_per_second.has_value());
}

TEST(Sampler, sums_physical_interfaces_only_where_there_are_some) {
  FakeFiles files;
  files.texts["/sys/class/net/eth0/device/vendor"] = "x";
  Selection selection;
  selection.ignored_interfaces = {"lo", "veth*"};
  Sampler sampler(files, selection);
  const auto line = [](const std::string& name, int bytes) {
    return name + ": " + std::to_string(bytes) + " 0 0 0 0 0 0 0 " + std::to_string(bytes) + " 0 0 0 0 0 0 0\n";
  };
  files.texts["/proc/net/dev"] = line("lo", 0) + line("eth0", 0) + line("br0", 0) + line("veth12", 0);
  sampler.sample(0);
  files.texts["/proc/net/dev"] = line("lo", 1000) + line("eth0", 1000) + line("br0", 1000) + line("veth12", 1000);

  const Sample sample = sampler.sample(kSecondUs);

  EXPECT_EQ(sample.machine.network_receive_bytes_per_second, 1000.0);
  EXPECT_EQ(value_of(sample, "network", "br0", "receive_bytes_per_second"), 1000.0);
  EXPECT_FALSE(value_of(sample, "network", "lo", "receive_bytes_per_second").has_value());
  EXPECT_FALSE(value_of(sample, "network", "veth12", "receive_bytes_per_second").has_value());
}

TEST(Sampler, counts_what_is_reserved_for_root_as_used_like_df) {
  FakeFiles files;
  files.texts["/proc/self/mounts"] = "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /gone ext4 rw 0 0\n";
  files.spaces["/"] = {1000, 300, 200};
  Sampler sampler(files, {});

  const Sample sample = sampler.sample(0);

  EXPECT_EQ(sample.machine.root_used_percent, 77.78);
  EXPECT_EQ(value_of(sample, "filesystem", "/", "available_bytes"), 200.0);
  EXPECT_EQ(sample.devices.size(), 3U);
}

TEST(Sampler, gives_an_empty_reading_where_nothing_can_be_read) {
  FakeFiles files;
  Sampler sampler(files, {});

  const Sample sample = sampler.sample(0);

  EXPECT_TRUE(sample.devices.empty());
  EXPECT_FALSE(sample.machine.processes.has_value());
  EXPECT_FALSE(sample.machine.memory_total_bytes.has_value());
  EXPECT_FALSE(sample.machine.temperature_celsius.has_value());
}

TEST(Sensors, are_named_by_chip_and_label_and_converted_to_base_units) {
  FakeFiles files;
  files.texts["/sys/class/hwmon/hwmon0/name"] = "coretemp\n";
  files.texts["/sys/class/hwmon/hwmon0/temp1_input"] = "45500\n";
  files.texts["/sys/class/hwmon/hwmon0/temp1_label"] = "Package id 0\n";
  files.texts["/sys/class/hwmon/hwmon0/fan1_input"] = "1200\n";
  files.texts["/sys/class/hwmon/hwmon0/in0_input"] = "12034\n";
  files.texts["/sys/class/hwmon/hwmon0/intrusion0_alarm"] = "1\n";
  files.texts["/sys/class/thermal/thermal_zone0/type"] = "cpu-thermal\n";
  files.texts["/sys/class/thermal/thermal_zone0/temp"] = "-1250\n";

  const std::vector<SensorValue> sensors = read_sensors(files);

  ASSERT_EQ(sensors.size(), 4U);
  EXPECT_EQ(sensors[0].name, "coretemp/fan1");
  EXPECT_EQ(sensors[0].metric, "rpm");
  EXPECT_EQ(sensors[1].name, "coretemp/in0");
  EXPECT_DOUBLE_EQ(sensors[1].value, 12.034);
  EXPECT_EQ(sensors[2].name, "coretemp/Package id 0");
  EXPECT_DOUBLE_EQ(sensors[2].value, 45.5);
  EXPECT_EQ(sensors[3].name, "cpu-thermal");
  EXPECT_DOUBLE_EQ(sensors[3].value, -1.25);
}

TEST(Sensors, of_two_equal_chips_have_different_names_and_sleeping_ones_are_left_out) {
  FakeFiles files;
  files.texts["/sys/class/hwmon/hwmon0/name"] = "nvme";
  files.texts["/sys/class/hwmon/hwmon0/temp1_input"] = "30000";
  files.texts["/sys/class/hwmon/hwmon1/name"] = "nvme";
  files.texts["/sys/class/hwmon/hwmon1/temp1_input"] = "31000";
  files.texts["/sys/class/hwmon/hwmon1/temp2_input"] = "";

  const std::vector<SensorValue> sensors = read_sensors(files);

  ASSERT_EQ(sensors.size(), 2U);
  EXPECT_EQ(sensors[0].name, "nvme/temp1");
  EXPECT_EQ(sensors[1].name, "nvme/temp1@hwmon1");
}

TEST(RealFiles, read_this_machine_and_say_nothing_about_what_is_missing) {
  RealFiles files("");

  EXPECT_FALSE(parse_stat(files.read("/proc/stat").value_or("")).empty());
  EXPECT_TRUE(files.space("/").has_value());
  EXPECT_FALSE(files.read("/proc/no_such_file").has_value());
  EXPECT_FALSE(files.read("/proc").has_value());
  EXPECT_TRUE(files.list("/no_such_folder").empty());
}

}  // namespace
}  // namespace sluice::host_metrics

#include "host_metrics/proc.hpp"

#include <gtest/gtest.h>

namespace sluice::host_metrics {
namespace {

TEST(ProcStat, adds_nice_to_user_and_interrupts_to_system) {
  const auto all = parse_stat("cpu  100 20 30 400 50 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1 2 3\n");

  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "cpu");
  EXPECT_EQ(all[0].user, 120U);
  EXPECT_EQ(all[0].system, 43U);
  EXPECT_EQ(all[0].idle, 400U);
  EXPECT_EQ(all[0].iowait, 50U);
  EXPECT_EQ(all[0].steal, 8U);
  EXPECT_EQ(all[1].name, "cpu0");
}

TEST(ProcStat, reads_the_four_columns_of_old_kernels_and_skips_torn_lines) {
  const auto all = parse_stat("cpu  1 2 3 4\ncpu0 1 2\ncpu1 x");

  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].idle, 4U);
  EXPECT_EQ(all[0].steal, 0U);
}

TEST(ProcLoadavg, reads_averages_and_threads) {
  const auto load = parse_loadavg("0.52 0.58 0.59 2/1234 56789\n");

  ASSERT_TRUE(load.has_value());
  EXPECT_DOUBLE_EQ(load->load1, 0.52);
  EXPECT_DOUBLE_EQ(load->load15, 0.59);
  EXPECT_EQ(load->threads, 1234);
}

TEST(ProcLoadavg, is_absent_when_empty_or_torn) {
  EXPECT_FALSE(parse_loadavg("").has_value());
  EXPECT_FALSE(parse_loadavg("0.52 0.58").has_value());
  EXPECT_FALSE(parse_uptime("\n").has_value());
}

TEST(ProcMeminfo, converts_to_bytes_and_counts_all_reclaimable_cache) {
  const Memory memory = parse_meminfo(
      "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\nBuffers: 10 kB\nCached: 200 kB\nSReclaimable: 30 kB\n"
      "SwapTotal: 50 kB\nSwapFree: 20 kB\n");

  EXPECT_EQ(memory.total_bytes, 1000 * 1024);
  EXPECT_EQ(memory.available_bytes, 400 * 1024);
  EXPECT_EQ(memory.cached_bytes, 240 * 1024);
  EXPECT_EQ(memory.swap_free_bytes, 20 * 1024);
}

TEST(ProcMeminfo, estimates_what_is_available_where_the_kernel_does_not_say) {
  const Memory memory = parse_meminfo("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 200 kB\n");

  EXPECT_EQ(memory.available_bytes, 310 * 1024);
  EXPECT_FALSE(memory.swap_total_bytes.has_value());
}

TEST(ProcPressure, takes_the_ten_second_averages) {
  const Pressure pressure = parse_pressure(
      "some avg10=1.53 avg60=0.87 avg300=0.59 total=14615576\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=0\n");

  EXPECT_EQ(pressure.some_percent, 1.53);
  EXPECT_EQ(pressure.full_percent, 0.25);
}

TEST(ProcPressure, has_no_full_line_for_cpu_on_older_kernels) {
  EXPECT_FALSE(parse_pressure("some avg10=1.53 avg60=0.87 avg300=0.59 total=1\n").full_percent.has_value());
}

TEST(ProcDiskstats, counts_sectors_of_512_bytes) {
  const auto disks =
      parse_diskstats(" 254       0 vda 52 9 100 13 40 11 200 54 0 7200 190 56 30 5 4 2 1\n 7 0 torn 1 2\n");

  ASSERT_EQ(disks.size(), 1U);
  EXPECT_EQ(disks[0].name, "vda");
  EXPECT_EQ(disks[0].reads, 52U);
  EXPECT_EQ(disks[0].read_bytes, 51'200U);
  EXPECT_EQ(disks[0].writes, 40U);
  EXPECT_EQ(disks[0].write_bytes, 102'400U);
  EXPECT_EQ(disks[0].busy_ms, 7200U);
}

TEST(ProcNetDev, reads_names_that_touch_their_first_number) {
  const auto interfaces = parse_net_dev(
      "Inter-|   Receive       |  Transmit\n face |bytes packets |bytes packets\n"
      "  eth0:1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n");

  ASSERT_EQ(interfaces.size(), 1U);
  EXPECT_EQ(interfaces[0].name, "eth0");
  EXPECT_EQ(interfaces[0].receive_bytes, 1000U);
  EXPECT_EQ(interfaces[0].receive_drops, 2U);
  EXPECT_EQ(interfaces[0].transmit_bytes, 2000U);
  EXPECT_EQ(interfaces[0].transmit_errors, 3U);
}

TEST(ProcMounts, keeps_local_file_systems_each_once_at_its_shortest_point) {
  const auto mounts = parse_mounts(
      "proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/sda1 /var/lib/bind ext4 rw 0 0\n/dev/sdb1 /mnt/a\\040b "
      "xfs rw 0 0\n"
      "server:/x /nfs nfs4 rw 0 0\n/dev/loop3 /snap/core squashfs ro 0 0\n/dev/fuse /run/doc fuse.portal rw 0 0\n");

  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].point, "/");
  EXPECT_EQ(mounts[1].point, "/mnt/a b");
}

TEST(ProcMounts, keeps_the_root_of_a_container_whatever_it_is) {
  const auto mounts = parse_mounts("overlay / overlay rw,lowerdir=x 0 0\ntmpfs /dev tmpfs rw 0 0\n");

  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(mounts[0].type, "overlay");
}

TEST(ProcMounts, believes_the_later_of_two_mounts_at_one_point) {
  const auto mounts = parse_mounts("rootfs / rootfs rw 0 0\n/dev/sda1 / ext4 rw 0 0\n");

  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(mounts[0].device, "/dev/sda1");
}

}  // namespace
}  // namespace sluice::host_metrics

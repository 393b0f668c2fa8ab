#pragma once
// Every result of the network in a run, on the disk: what a run that was broken off by the worker's death goes on from.
// A second run of the same job starts from the beginning, draws its noise again and asks for the same estimates; the
// record answers until it ends, and from there the network computes. So no sampler knows of it, and the pictures are
// those of an undisturbed run, bit for bit.
//
// The file: a head, then an entry for each call, in order. Numbers are in the machine's own order; a record does not
// travel.
//   head   "ALICEREC", u32 version, u32 0, u128 hash of what is run, u64 seed, u64 checksum of the head before it
//   entry  u32 batch, u32 call, u128 hash of x and its level, u64 bytes, the result's float32 [B, C, h, w],
//          u64 checksum of the entry before it
// Hashes and checksums are XXH3. What does not fit (another run, another x, a wrong checksum, an entry that is cut off)
// ends the record there. Nothing is synced: after a loss of power the checksums tell what arrived. At 512x512 an entry
// has 64 KiB for each picture of the batch. When the pictures of a batch are written, one entry with call 0, whose bytes
// are a note of the caller's, takes the place of all of the batch's.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/storage.h"
#include "core/host/make/denoise.h"

namespace alice {

/// How much room a record may take.
struct RecordLimits {
  int64_t max_bytes = 1'000'000'000;       ///< what is beyond is not recorded
  int64_t most_reserve = kLargestReserve;  ///< kept free of the disk (reserve_of()): a record that would take it goes
};

/// One run's record. Belongs to the thread that computes. A record that cannot be written is a warning in the log, and
/// the run goes on without; its room is given back.
class StepRecord {
 public:
  /// Opens `file`, which need not be there. `run`: everything, but the seed, that results depend on beside x and level.
  StepRecord(std::filesystem::path file, const std::string& run, const RecordLimits& limits = {});
  ~StepRecord();
  StepRecord(const StepRecord&) = delete;
  StepRecord& operator=(const StepRecord&) = delete;

  /// Of the record that was found; nothing when there is none of this run.
  std::optional<uint64_t> seed() const { return found_seed_; }
  /// Call once, before wrap(). The record that was found counts when it has this seed; else it is begun anew.
  void begin(uint64_t seed);

  /// Before each batch: has the next one been made? `accept` is called with its note when the record says so; when it
  /// returns true the batch is done with and must not be wrapped; else its entries, and all that follow, count no more.
  bool pass_made(const std::function<bool(const std::string& note)>& accept);
  /// The pictures of the batch that was wrapped last are written: its entries go, the note comes in their place.
  void batch_is_made(const std::string& note);

  /// Answers from the record, then asks `network` and records. Call for each batch, in order; the record must outlive
  /// the result.
  Denoise wrap(Denoise network);
  /// Have all calls so far been answered from the record?
  bool is_answering() const { return answering_; }

 private:
  struct Hash {
    uint64_t low, high;
  };
  struct Head;
  struct EntryHead;

  void read_head();
  Tensor call(const Denoise& network, const Tensor& x, const Level& level);
  std::optional<std::string> read_entry(const EntryHead& wanted) const;
  void write_entry(const EntryHead& head, const void* bytes);
  bool has_room(size_t bytes);
  void write(const std::string& bytes);
  void end_here();
  void give_up(const std::string& why);
  static int64_t entry_size(uint64_t bytes);
  static Hash hash_of(const void* bytes, size_t count);
  static Hash hash_of(const Tensor& x, const Level& level);

  const std::filesystem::path file_;
  const Hash run_;
  const RecordLimits limits_;
  int descriptor_ = -1;  // -1: not recorded
  std::optional<uint64_t> found_seed_;
  int64_t end_ = 0;  // of what is read and good, or written
  int64_t batch_begin_ = 0;
  uint32_t batch_ = 0, call_ = 0;
  bool answering_ = false;
  bool is_full_ = false;  // until the batch is made
};

}  // namespace alice

import Foundation
import Histogram

/// What one run of the load generator measured.
struct LoadResult: Sendable {
    /// How many replies came, every one of them as it must be.
    var requests = 0
    /// How long it took, in nanoseconds.
    var nanoseconds: Int64 = 0
    /// The processor time of the server's process, in nanoseconds.
    var serverNanoseconds: Int64 = 0
    /// The processor time of the generator's thread, in nanoseconds.
    var generatorNanoseconds: Int64 = 0
    /// From the sending of a batch to each of its replies, in nanoseconds.
    var latency: Histogram<UInt32>
    /// The longest batch, in nanoseconds, and the most processor time that the serving thread took for one (if observed).
    var longestBatch: Int64 = 0
    var longestServerBatch: Int64 = 0

    /// A percentile of ``latency``, in microseconds.
    func latency(atPercentile percentile: Double) -> Double {
        Double(latency.valueAtPercentile(percentile)) / 1e3
    }

    /// Whether the generator had no time left and the server had: then rate and latency are the generator's.
    var isGeneratorLimited: Bool {
        let time = Double(nanoseconds)
        return Double(generatorNanoseconds) > 0.9 * time && Double(serverNanoseconds) < 0.9 * time
    }
}

/// Why a run of the load generator came to nothing.
struct LoadFailure: Error, Sendable, CustomStringConvertible {
    let message: String
    var description: String { message }

    /// The last call to the system failed.
    static func system(_ call: String) -> LoadFailure {
        LoadFailure(message: "\(call) failed: \(String(cString: strerror(errno)))")
    }

    /// A reply that is not what it must be.
    static func unexpected(_ reply: UnsafeRawBufferPointer, wanted: ArraySlice<UInt8>) -> LoadFailure {
        LoadFailure(message: "the server answered \(excerpt(reply)) where \(excerpt(wanted)) was right")
    }

    private static func excerpt(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.prefix(80), as: UTF8.self).debugDescription + (bytes.count > 80 ? "…" : "")
    }
}

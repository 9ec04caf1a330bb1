import Foundation

/// What one run of the load generator measured.
struct LoadResult: Sendable {
    /// How many replies came, every one of them as it must be.
    var requests = 0
    /// How long it took, in nanoseconds.
    var nanoseconds: Int64 = 0
    /// The processor time of the server's process, in nanoseconds; 0 if it is not known.
    var serverNanoseconds: Int64 = 0
    /// The processor time of the generator's threads, in nanoseconds, and how long they waited for a processor.
    var generatorNanoseconds: Int64 = 0
    var generatorWaiting: Int64 = 0
    var threads = 1
    /// Latencies of each request of the plan's mix. In a closed loop they count from the sending of a batch to each of
    /// its replies, in an open one from when the request was due.
    var operations: [OperationRecord] = []
    /// In an open loop: how late requests were sent though a connection was free, and how many never were.
    var lateness = OperationRecord("")
    var unsent = 0
    /// The longest batch, in nanoseconds, and the most processor time that the serving thread took for one (if
    /// observed).
    var longestBatch: Int64 = 0
    var longestServerBatch: Int64 = 0

    /// All requests together.
    var latency: OperationRecord {
        var all = OperationRecord("")
        for operation in operations { all.add(operation) }
        return all
    }

    /// A percentile of ``latency``, in microseconds.
    func latency(atPercentile percentile: Double) -> Double { latency.percentile(percentile) }

    /// Processor time for a request, in microseconds.
    var serverTime: Double { Double(serverNanoseconds) / 1e3 / Double(max(1, requests)) }
    var generatorTime: Double { Double(generatorNanoseconds) / 1e3 / Double(max(1, requests)) }
    var requestsPerSecond: Double { Double(requests) * 1e9 / Double(max(1, nanoseconds)) }

    /// Whether the generator had no time left and the server had: then rate and latency are the generator's.
    var isGeneratorLimited: Bool {
        let time = Double(nanoseconds)
        return Double(generatorNanoseconds) > 0.9 * time * Double(threads) && Double(serverNanoseconds) < 0.9 * time
    }

    /// Puts together what the threads of one run measured at the same time.
    init(merging results: [LoadResult]) {
        precondition(!results.isEmpty, "a run has a thread")
        self = results[0]
        for other in results.dropFirst() {
            add(other)
            nanoseconds = max(nanoseconds, other.nanoseconds)
        }
        threads = results.count
        // Each of them read the whole server's.
        serverNanoseconds /= Int64(results.count)
    }

    /// Adds up runs that followed each other.
    init(inSequence results: [LoadResult]) {
        precondition(!results.isEmpty, "there was a run")
        self = results[0]
        for other in results.dropFirst() {
            add(other)
            nanoseconds += other.nanoseconds
        }
    }

    init() {}

    /// All but the time that passed.
    private mutating func add(_ other: LoadResult) {
        requests += other.requests
        serverNanoseconds += other.serverNanoseconds
        generatorNanoseconds += other.generatorNanoseconds
        generatorWaiting += other.generatorWaiting
        for index in operations.indices { operations[index].add(other.operations[index]) }
        lateness.add(other.lateness)
        unsent += other.unsent
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
        let wrong = zip(reply, wanted).prefix { $0 == $1 }.count
        // From the beginning of its line on: the whole of an error, for one.
        let lineEnd = reply.prefix(wrong).lastIndex(of: UInt8(ascii: "\n"))
        let start = lineEnd.map { $0 + 1 } ?? 0
        let line = UnsafeRawBufferPointer(rebasing: reply[start...])
        if line.first == UInt8(ascii: "-") { return refusal(line) }
        return LoadFailure(
            message: "the server answered \(excerpt(line)) where \(excerpt(wanted.dropFirst(start))) was right")
    }

    private static func refusal(_ line: UnsafeRawBufferPointer) -> LoadFailure {
        let text = String(decoding: line.prefix { $0 != UInt8(ascii: "\r") }.prefix(200), as: UTF8.self)
        let meaning =
            switch text.split(separator: " ").first {
            case "-OOM": ": it is at its maxmemory and takes no more (fewer --keys need less)"
            case "-MISCONF": ": it cannot write to its disk"
            case "-LOADING": ": it was started again and is loading its data"
            case "-NOAUTH", "-NOPERM": ": it wants another user and password"
            case "-READONLY": ": it is a replica"
            default: ""
            }
        return LoadFailure(message: "the server answered \(text)\(meaning)")
    }

    private static func excerpt(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.prefix(80), as: UTF8.self).debugDescription + (bytes.count > 80 ? "…" : "")
    }
}

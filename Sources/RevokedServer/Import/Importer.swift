import Denylist
import Logging
import NIOCore
import NIOPosix
import Persistence
import Replication
import Synchronization

/// Copies the keys of a stock Redis or Valkey as its replica does, and follows it until `REPLICAOF NO ONE`
/// (`--import-from`).
///
/// `@unchecked Sendable`: mutable state is used on `loop` only.
final class Importer: @unchecked Sendable {
    private static let connectTimeout = TimeAmount.seconds(5)
    private static let tick = TimeAmount.seconds(1)
    /// Until the log is looked at again that takes no more.
    static let pause = TimeAmount.milliseconds(10)
    private static let shortestDelay = TimeAmount.milliseconds(500)
    private static let longestDelay = TimeAmount.seconds(30)
    /// Between two readings of the source's clock.
    private static let clockInterval = TimeAmount.seconds(10)
    private static let setBack = "its clock was set back: all keys are copied again"
    /// A clock that is further off is said, in seconds.
    private static let saidLead: Int64 = 30

    let source: ImportSource
    let figures = ImportFigures()
    unowned let daemon: Daemon
    private let group: MultiThreadedEventLoopGroup
    let loop: any EventLoop
    /// Whether ``close()`` was not called.
    private let isOpen = Mutex(true)

    /// nil before the start, and after the end.
    private(set) var sink: ImportSink?
    private var stream: Stream?
    private(set) var channel: (any Channel)?
    /// How far the copy is, and the database of the next record; nil for a whole one.
    private var place: (position: StreamPosition, database: Int64)?
    /// Whether no copy is complete, or what was copied is not right any more: then the next copy is a whole one.
    var mustCopyAgain: Bool { place == nil }
    private var heardAt = NIODeadline.distantPast
    private var followsSince: NIODeadline?
    private var delay = Importer.shortestDelay
    private var ticker: RepeatedTask?
    private var retry: Scheduled<Void>?
    /// The log takes no more: nothing is read.
    private(set) var isFull = false
    /// ``end()`` is under way.
    var ending: EndingState?
    /// A connection is being made.
    private var isConnecting = false
    /// When the source's clock is read next, and who waits for a reading that is under way.
    private var clockAt = NIODeadline.distantPast
    private var clockReaders: [(SourceClock) -> Void] = []
    /// The last reading failed, which was said.
    private var isClockUnread = false
    private var saidThat: String?

    /// Of one connection.
    private final class Stream {
        var machine: SourceStream<ImportSink>

        init(_ machine: consuming SourceStream<ImportSink>) { self.machine = machine }
    }

    /// What a reading of the source's clock says.
    enum SourceClock {
        /// The source did not answer.
        case unknown
        /// What it wrote since the last reading ends too early here.
        case setBack
        case covered
    }

    enum Failure: Error {
        case stream(StreamError)
        /// The source is one that is not imported from.
        case unsuitable(String)
    }

    init(_ daemon: Daemon, _ source: ImportSource) {
        self.daemon = daemon
        self.source = source
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
    }

    var log: AppendLog? { daemon.persistence?.log }

    // MARK: Beginning and end

    /// Begins, after the data directory was read, unless the import has ended before.
    /// - Parameter isBelieved: whether the epoch is a bare one. That of an empty denylist is replaced: clients deny it
    ///   until an operator has accepted it.
    func start(_ persistence: Persistence, isBelieved: Bool) throws(PersistenceError) {
        guard try !persistence.hasImported(from: source.name) else {
            figures.change { $0.phase = .ended }
            daemon.logger.notice("the import from \(source.name) has ended before: remove the setting import-from")
            return daemon.loading.endImport()
        }
        if isBelieved, daemon.keyCount(of: 0) == 0 { try daemon.replaceEpoch() }
        isOpen.withLock { if $0 { loop.execute(begin) } }
    }

    @Sendable private func begin() {
        sink = ImportSink(daemon)
        ticker = loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { [weak self] _ in
            self?.runPeriodic()
        }
        connect()
    }

    /// Returns when nothing is written any more.
    func close() async {
        guard
            isOpen.withLock({ isOpen in
                defer { isOpen = false }
                return isOpen
            })
        else { return }
        try? await loop.submit { [self] in stop() }.get()
        try? await group.shutdownGracefully()
    }

    func stop() {
        retry?.cancel()
        ticker?.cancel()
        let channel = channel
        (self.channel, stream, sink) = (nil, nil, nil)
        channel?.close(promise: nil)
    }

    // MARK: The connection

    func connect() {
        guard sink != nil, ending == nil, !isConnecting, channel == nil else { return }
        isConnecting = true
        figures.change { $0.phase = .connecting }
        source.connect(loop, Self.connectTimeout) { [self] in ImportHandler(self) }.whenComplete { [weak self] result in
            self?.isConnecting = false
            if case .failure(let error) = result {
                self?.disconnected("it cannot be reached: \(Self.describe(error))")
            }
        }
    }

    /// At once.
    func reconnect() {
        retry?.cancel()
        connect()
    }

    /// An address, or what the system says; never a part of what was sent.
    private static func describe(_ error: any Error) -> String {
        String("\(error)".prefix(200).map { $0.isNewline ? " " : $0 })
    }

    func connected(_ channel: any Channel) {
        guard let sink, self.channel == nil else { return channel.close(promise: nil) }
        self.channel = channel
        (heardAt, followsSince, isFull) = (.now(), nil, false)
        figures.change { $0.connections += 1 }
        let database = place?.database ?? 0
        sink.begin(in: database)
        stream = Stream(
            SourceStream(sink, at: place?.position, database: database, credentials: source.credentials))
        drain()
    }

    func read(_ bytes: ByteBuffer, from channel: any Channel) {
        guard channel === self.channel, let stream else { return }
        heardAt = .now()
        figures.change { [heardAt] in $0.heardAt = heardAt }
        stream.machine.append(bytes.readableBytesUInt8Span.bytes)
        drain()
    }

    func lost(_ channel: any Channel) {
        guard channel === self.channel else { return }
        disconnected("the connection is lost")
    }

    private func disconnected(_ problem: String, isHopeless: Bool = false) {
        guard sink != nil else { return }
        let channel = channel
        (self.channel, stream) = (nil, nil)
        channel?.close(promise: nil)
        if let followsSince, followsSince + .seconds(60) < .now() { delay = Self.shortestDelay }
        figures.change { ($0.phase, $0.problem) = (isHopeless ? .stopped : .waiting, problem) }
        if isHopeless {
            daemon.logger.error("the import from \(source.name) has stopped: \(problem)")
            return
        }
        if saidThat != problem { daemon.logger.warning("the import from \(source.name) waits: \(problem)") }
        saidThat = problem
        retry?.cancel()
        retry = loop.scheduleTask(in: delay) { [weak self] in self?.connect() }
        delay = min(delay * 2, Self.longestDelay)
    }

    // MARK: The stream

    func drain() {
        guard ending == nil, !isFull, let stream, let sink else { return }
        do throws(Failure) {
            try sink.inTurn { () throws(Failure) in
                while sink.isLogOpen, let event = try next(stream, at: sink.moment.wall) {
                    try handle(event, stream, sink)
                }
            }
        } catch {
            return fail(error, sink)
        }
        note(stream, sink)
        if !sink.isLogOpen { awaitLog() }
    }

    private func next(
        _ stream: Stream, at now: Int64
    ) throws(Failure) -> SourceStream<ImportSink>.Event? {
        do throws(StreamError) { return try stream.machine.next(at: now) } catch { throw .stream(error) }
    }

    private func handle(
        _ event: SourceStream<ImportSink>.Event, _ stream: Stream, _ sink: ImportSink
    ) throws(Failure) {
        switch event {
        case .send(let bytes): send(bytes)
        case .knows(let facts): try judge(facts, sink)
        case .stream(.copies):
            place = nil
            figures.change {
                ($0.phase, $0.problem) = (.copying, "")
                $0.copies += 1
                $0.forgetOffsets()
            }
            sink.beginFile()
            stream.machine.copy(into: sink)
        case .stream: break
        }
    }

    private func judge(_ facts: SourceFacts, _ sink: ImportSink) throws(Failure) {
        figures.change { $0.version = facts.version }
        let refusal = facts.refusal(ownRunID: daemon.runID, ownStretch: log?.stretchID ?? "")
        if let refusal { throw .unsuitable(refusal) }
        guard let time = facts.time else { return }
        let lead = sink.moment.guarded - time
        let isCovered = place == nil || sink.covers(lead)
        sink.follow(lead)
        guard isCovered else {
            place = nil
            throw .unsuitable(Self.setBack)
        }
        let ahead = sink.moment.wall - time
        clockAt = .now() + Self.clockInterval
        let (seconds, relation) = (abs(ahead) / 1000, ahead > 0 ? "behind" : "ahead of")
        guard seconds > Self.saidLead else { return }
        daemon.logger.warning("the clock of \(source.name) is \(seconds) s \(relation) ours")
    }

    /// Notes how far the copy is.
    private func note(_ stream: Stream, _ sink: ImportSink) {
        let counts = sink.counts
        guard stream.machine.isComplete, let position = stream.machine.position else {
            return figures.change { $0.counts = counts }
        }
        place = (position, stream.machine.database)
        let (isSettled, end, isFirst) = (sink.isSettled, sink.end, followsSince == nil)
        figures.change {
            $0.counts = counts
            $0.stretch = position.stretch
            if isSettled { $0.apply(position.offset, end: end) }
            if isFirst { ($0.phase, $0.problem, $0.isComplete) = (.following, "", true) }
        }
        guard isFirst else { return }
        (followsSince, saidThat) = (.now(), nil)
        daemon.loading.endImport()
        daemon.logger.notice(
            """
            the import from \(source.name) follows it: \(counts.guarded) revocations and \(counts.plain) other keys were \
            written, \(counts.skipped) keys passed over
            """)
    }

    func fail(_ failure: Failure, _ sink: ImportSink) {
        switch failure {
        case .unsuitable(let reason): disconnected(reason)
        case .stream(let error):
            // A source that refuses now may go on later.
            if case .refused = error {} else { place = nil }
            switch error {
            case .refused(let word): disconnected("it answered \(word)")
            case .damaged(let reason): disconnected(reason, isHopeless: sink.isHopeless)
            case .tooLarge: disconnected("a key or a transaction of it is larger than any may be")
            case .full:
                delay = Self.longestDelay
                disconnected("maxmemory is reached: not all keys are copied")
            }
        }
    }

    private func awaitLog() {
        guard !isFull else { return }
        isFull = true
        setReading(false)
        figures.change { $0.problem = "the log takes no more: is the disk full?" }
        awaitRoom()
    }

    private func awaitRoom() {
        loop.scheduleTask(in: Self.pause) { [weak self] in
            guard let self, let sink, isFull else { return }
            guard sink.isLogOpen else { return awaitRoom() }
            isFull = false
            setReading(ending == nil)
            figures.change { $0.problem = "" }
            drain()
        }
    }

    func setReading(_ reads: Bool) { _ = channel?.setOption(.autoRead, value: reads) }

    private func send(_ bytes: [UInt8]) { channel?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    private func runPeriodic() {
        guard let stream, let sink, ending == nil else { return }
        // While the log takes no more, it is not the source that is silent.
        if isFull { heardAt = .now() }
        guard heardAt + source.patience > .now() else { return disconnected("it is silent") }
        if !sink.isSettled, sink.isLogOpen {
            sink.inTurn { sink.settle() }
            if sink.objection != nil { return fail(.stream(.full), sink) }
            note(stream, sink)
        }
        acknowledge(stream)
        if stream.machine.isComplete, clockAt < .now() { readClock() }
    }

    // MARK: The source's clock

    /// Reads the source's clock, on a connection of its own. If it was set back, the expiries of what was written there
    /// since the last time are too early: then all keys are copied again.
    func readClock(_ then: @escaping (SourceClock) -> Void = { _ in }) {
        clockReaders.append(then)
        guard clockReaders.count == 1, let sink else { return }
        clockAt = .now() + Self.clockInterval
        let reading = SourceClockReading(sink, source.credentials, on: loop) { [weak self] in self?.clockIsRead($0) }
        source.connect(loop, Self.connectTimeout, reading.handler).whenFailure { _ in reading.end(nil) }
    }

    private func clockIsRead(_ lead: ClosedRange<Int64>?) {
        var clock = SourceClock.unknown
        if let lead, let sink {
            clock = sink.covers(lead.lowerBound) ? .covered : .setBack
            sink.follow(lead.upperBound)
        }
        if clock == .unknown, !isClockUnread, sink != nil {
            daemon.logger.warning("the clock of \(source.name) could not be read: whether it was set back is not known")
        }
        isClockUnread = clock == .unknown
        if clock == .setBack {
            place = nil
            disconnected(Self.setBack)
        }
        let readers = clockReaders
        clockReaders = []
        for reader in readers { reader(clock) }
    }

    /// Says that we are here, and how much is kept.
    private func acknowledge(_ stream: Stream) {
        guard stream.machine.isInStream else { return }
        let offset = figures.read(acknowledged: log?.acknowledged ?? 0).offset
        if stream.machine.isComplete, let offset {
            send(SourceStream<ImportSink>.acknowledgement(of: offset))
        } else {
            send([UInt8(ascii: "\n")])
        }
    }
}

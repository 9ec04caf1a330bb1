import Denylist
import RESP

/// The commands of one read, prepared before the first is executed: parsed, looked up in the table of commands, their
/// keys hashed and prefetched. Reused, so that a command allocates nothing.
struct CommandBatch: ~Copyable {
    /// Enough commands that memory arrives before it is needed, few enough that it is still in the first cache then.
    static let maximumCommands = 64
    private static let maximumArguments = 128
    /// Batches of up to 8 keys fetch whole groups at once: their tags would not arrive before they are needed.
    private static let smallBatch = 8
    /// Keys whose slots are fetched at once, and how far that is ahead of the command that is executed.
    private static let keysAtOnce = 16
    private static let keysAhead = 8

    /// Why a batch ends where it does.
    enum End {
        /// More commands may follow.
        case full
        /// A typed line, which ends at this offset.
        case inline(end: Int)
        /// At least this many bytes of input are needed to go on.
        case incomplete(atLeast: Int)
        case incompleteLine
        case invalid(ProtocolError)
    }

    struct Prepared: BitwiseCopyable {
        /// The command's index in the table; -1 if it is unknown.
        let command: Int
        /// Its keys' hashes.
        let firstKey: Int
        let keysEnd: Int
    }

    /// Where its commands end in the input.
    private(set) var position = 0
    /// Why no more follow.
    private(set) var end = End.full
    private let denylist: Denylist.Keys
    /// The database that the connection had selected: its table's memory is prefetched.
    private var table: Denylist.Keys
    private let commands = CommandTable.shared
    private var requests = RequestBatch()
    private var prepared = ReusableBuffer<Prepared>(capacity: 64)
    private var hashes = ReusableBuffer<KeyHash>(capacity: 256)
    /// How many of the keys have been prefetched.
    private var prefetched = 0
    /// Whether a command may make a new entry.
    private var mayInsert = false

    /// - Parameter denylist: the store; the daemon keeps it alive.
    init(_ denylist: Denylist.Keys) {
        self.denylist = denylist
        table = denylist
    }

    var count: Int { requests.count }

    /// The index of a command in the table of commands; -1 if it is unknown.
    @inline(__always)
    func command(_ index: Int) -> Int { prepared[index].command }

    /// Where a command's bytes end in the input.
    @inline(__always)
    func end(of index: Int) -> Int { requests[index].end }

    /// - Parameter input: the bytes that the batch was parsed from.
    @inline(__always)
    @_lifetime(borrow self, copy input)
    func arguments(of index: Int, in input: RawSpan) -> Arguments {
        let keys = prepared[index]
        return Arguments(
            RequestArguments(of: requests[index], in: requests, input: input),
            keyHashes: hashes.span.extracting(keys.firstKey..<keys.keysEnd))
    }

    /// Replaces the batch by the commands of `input` from `start` on.
    /// - Parameter database: the one that the connection has selected.
    mutating func fill(from input: RawSpan, at start: Int, by parser: RequestParser, in database: Int = 0) {
        removeAll()
        table = database == 0 ? denylist : denylist.database(database) ?? denylist
        position = start
        // Authenticating changes the limits of what follows.
        let maximum = parser.isAuthenticated ? Self.maximumCommands : 1
        let outcome = parser.fill(
            &requests, requests: maximum, arguments: Self.maximumArguments, from: input, at: &position)
        for index in 0..<requests.count { prepare(requests[index], input) }
        end =
            switch outcome {
            case nil, .request, .nothing: .full
            case .inline(let end): .inline(end: end)
            case .incomplete(let atLeast): .incomplete(atLeast: atLeast)
            case .incompleteLine: .incompleteLine
            case .invalid(let error): .invalid(error)
            }
    }

    private mutating func removeAll() {
        requests.removeAll()
        prepared.removeAll()
        hashes.removeAll()
        prefetched = 0
        mayInsert = false
    }

    /// Looks the command up, hashes its keys and begins to prefetch them.
    @inline(__always)
    private mutating func prepare(_ request: Request, _ input: RawSpan) {
        let index = commands.find(input.extracting(requests.argument(request.first).range))
        let firstKey = hashes.count
        defer { prepared.append(Prepared(command: index, firstKey: firstKey, keysEnd: hashes.count)) }
        guard index >= 0 else { return }
        let command = commands.commands[index]
        guard command.firstKey > 0 else { return }
        if command.flags.contains(.write) { mayInsert = true }
        let last = command.lastKey(
            among: request.count,
            input.extracting(requests.argument(request.first + command.firstKey - 1).range).parseInteger())
        var key = command.firstKey
        while key <= last, key < request.count {
            hashes.append(table.beginPrefetch(of: input.extracting(requests.argument(request.first + key).range)))
            key += command.keyStep
        }
    }

    /// Prefetches the keys of a command and of those behind it, which arrive while others are executed. To be called
    /// before each command is executed, in their order.
    @inline(__always)
    mutating func prefetch(for index: Int) {
        guard prefetched < hashes.count else { return }
        let end = prepared[index].keysEnd + Self.keysAhead
        if prefetched < end { prefetch(upTo: end) }
    }

    private mutating func prefetch(upTo end: Int) {
        guard hashes.count <= Self.smallBatch else { return prefetchSlots(upTo: end) }
        for index in hashes.indices { table.prefetch(hashes[index]) }
        prefetched = hashes.count
    }

    /// Prefetches the slots of the first keys. Other batches were filled since this one was, so the tags have arrived.
    mutating func prefetchFirst() {
        if prefetched < hashes.count { prefetchSlots(upTo: 0) }
    }

    private mutating func prefetchSlots(upTo end: Int) {
        let end = min(hashes.count, max(end, prefetched + Self.keysAtOnce))
        table.prefetchSlots(hashes.span.extracting(prefetched..<end), orFree: mayInsert)
        prefetched = end
    }
}

import Synchronization

/// Messages for the connections of one serving thread. Any thread posts; the serving thread hands them out, in their
/// order.
final class Mailbox: Sendable {
    /// One message, and the connections of this thread that it is for.
    struct Letter: Sendable {
        let message: PushMessage
        let recipients: [ClientRecord]
        let condition: Condition
        /// When it was posted, in milliseconds of ``ServerClock/uptime()``.
        fileprivate(set) var postedAt: Int64 = 0

        init(message: PushMessage, recipients: [ClientRecord], condition: Condition) {
            (self.message, self.recipients, self.condition) = (message, recipients, condition)
        }

        /// What it takes while it waits, its list of connections included.
        fileprivate var cost: Int { message.cost + recipients.count * 8 }
    }

    /// What a recipient has to be when the message is handed out.
    enum Condition: Sendable {
        case subscribed(Subscription)
        /// It speaks RESP3: RESP2 has no place for this.
        case speaksThree
        /// It takes invalidations of others: in RESP2 it has to be subscribed.
        case hearsInvalidations
        case monitors
        /// It copies this server.
        case copies
    }

    fileprivate struct Content {
        var copies: [Letter] = []
        var invalidations: [Letter] = []
        var others: [Letter] = []
        /// Whether more was posted than there was room for.
        var hasOverflowed = false

        var isEmpty: Bool { copies.isEmpty && invalidations.isEmpty && others.isEmpty && !hasOverflowed }

        mutating func append(_ letter: Letter) {
            switch letter.condition {
            case .copies: copies.append(letter)
            case .speaksThree, .hearsInvalidations: invalidations.append(letter)
            case .subscribed, .monitors: others.append(letter)
            }
        }
    }

    private struct State {
        var content = Content()
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let hasContent = Atomic(false)
    private let totals: MailTotals

    init(_ totals: MailTotals) { self.totals = totals }

    /// Whether something was posted since the last time.
    @inline(__always)
    var hasMail: Bool { hasContent.load(ordering: .acquiring) }

    /// - Parameter wake: makes the serving thread call ``take()``.
    func onMail(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    func post(_ letter: Letter) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            let isFirst = state.content.isEmpty
            if totals.take(letter) {
                var letter = letter
                letter.postedAt = totals.uptime()
                state.content.append(letter)
            } else {
                for client in letter.recipients { client.lostMessages.store(true, ordering: .relaxed) }
                state.content.hasOverflowed = true
            }
            hasContent.store(true, ordering: .releasing)
            return isFirst ? state.wake : nil
        }
        wake?()
    }

    /// Posts a message to clients of any threads: each thread gets one letter.
    static func post(_ message: PushMessage, to clients: [ClientRecord], _ condition: Condition) {
        var groups: [(mailbox: Mailbox, clients: [ClientRecord])] = []
        for client in clients {
            if let index = groups.firstIndex(where: { $0.mailbox === client.mailbox }) {
                groups[index].clients.append(client)
            } else {
                groups.append((client.mailbox, [client]))
            }
        }
        for group in groups {
            group.mailbox.post(Letter(message: message, recipients: group.clients, condition: condition))
        }
    }

    /// - Returns: what was posted since the last time.
    fileprivate func take() -> Content {
        state.withLock { state in
            defer { state.content = Content() }
            hasContent.store(false, ordering: .relaxed)
            return state.content
        }
    }

    fileprivate func handedOut(_ letter: Letter) { totals.giveBack(letter) }
}

/// The memory that the messages in all mailboxes take.
final class MailTotals: Sendable {
    /// Beyond these publishers wait: each message to each connection takes a system call.
    private static let congestion = 16 << 20
    private static let congestedSends = 50_000
    /// Beyond this messages are lost, and with them the connections that they are for.
    private static let limit = 128 << 20

    private let waiting = Atomic(0)
    /// Messages times their connections.
    private let sends = Atomic(0)
    /// ``ServerClock/uptime()``.
    fileprivate let uptime: @Sendable () -> Int64

    init(uptime: @escaping @Sendable () -> Int64) { self.uptime = uptime }

    /// In bytes.
    var bytes: Int { waiting.load(ordering: .relaxed) }
    var free: Int { max(0, Self.limit - bytes) }
    var isCongested: Bool {
        bytes > Self.congestion || sends.load(ordering: .relaxed) > Self.congestedSends
    }

    fileprivate func take(_ letter: Mailbox.Letter) -> Bool {
        guard bytes + letter.cost <= Self.limit else { return false }
        waiting.wrappingAdd(letter.cost, ordering: .relaxed)
        sends.wrappingAdd(letter.recipients.count, ordering: .relaxed)
        return true
    }

    fileprivate func giveBack(_ letter: Mailbox.Letter) {
        waiting.wrappingSubtract(letter.cost, ordering: .relaxed)
        sends.wrappingSubtract(letter.recipients.count, ordering: .relaxed)
    }
}

/// What a serving thread has taken out of its mailbox. It sends small portions: a message to ten thousand connections
/// must not hold up a check. Where others keep the thread so busy that messages grow old the portions grow
/// (``portion(at:)``). What is copied goes first, for replies wait for it, but for each fourth message; then
/// invalidations: until one arrives its client believes what it has read.
struct Deliveries {
    /// Messages that are sent before others are served. Each takes a system call of 5 to 10 µs.
    private static let atOnce = 8
    /// From this age of the oldest one on, in milliseconds, they are twice as many, and again after each ``step``.
    private static let patience: Int64 = 100
    private static let step: Int64 = 50
    /// From this age on they are all.
    private static let maximumAge: Int64 = 1_000

    private var turn: UInt8 = 0
    private var copies = Lane()
    private var invalidations = Lane()
    private var others = Lane()

    var isEmpty: Bool { copies.isEmpty && invalidations.isEmpty && others.isEmpty }

    /// Whether there is nothing that a reply may wait for.
    var mayWait: Bool { copies.isEmpty }

    /// How many messages are sent before others are served. A portion that never grew would let messages wait without
    /// an end while clients send commands faster than they are executed.
    /// - Parameter uptime: milliseconds of ``ServerClock/uptime()``.
    func portion(at uptime: Int64) -> Int {
        let posted = [copies, invalidations, others].compactMap(\.oldest).min()
        let age = uptime - (posted ?? uptime)
        guard age >= Self.patience else { return Self.atOnce }
        return age < Self.maximumAge ? Self.atOnce << ((age - Self.patience) / Self.step + 1) : .max
    }

    /// - Returns: false if messages were lost: the connections that they were for have to be ended
    ///   (``ClientRecord/hasLostMessages``).
    mutating func take(from mailbox: Mailbox) -> Bool {
        let new = mailbox.take()
        copies.append(new.copies)
        invalidations.append(new.invalidations)
        others.append(new.others)
        return !new.hasOverflowed
    }

    /// The next message, and whom it is for.
    mutating func next(_ mailbox: Mailbox) -> (letter: Mailbox.Letter, client: ClientRecord)? {
        turn &+= 1
        if turn % 4 == 0, let message = invalidations.next(mailbox) ?? others.next(mailbox) { return message }
        return copies.next(mailbox) ?? invalidations.next(mailbox) ?? others.next(mailbox)
    }

    /// Messages that are sent in the order in which they were posted.
    private struct Lane {
        private var letters: [Mailbox.Letter] = []
        private var letter = 0
        private var recipient = 0

        var isEmpty: Bool { letters.isEmpty }
        /// When the first one was posted.
        var oldest: Int64? { letter < letters.count ? letters[letter].postedAt : nil }

        mutating func append(_ new: [Mailbox.Letter]) { letters += new }

        mutating func next(_ mailbox: Mailbox) -> (letter: Mailbox.Letter, client: ClientRecord)? {
            while letter < letters.count {
                let current = letters[letter]
                if recipient < current.recipients.count {
                    recipient += 1
                    return (current, current.recipients[recipient - 1])
                }
                mailbox.handedOut(current)
                (letter, recipient) = (letter + 1, 0)
                // What was handed out takes no room; it is moved out of the way by halves.
                if letter > letters.count / 2 {
                    letters.removeFirst(letter)
                    letter = 0
                }
            }
            return nil
        }
    }
}

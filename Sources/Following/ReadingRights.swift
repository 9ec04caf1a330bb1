import RESP

/// Whether what a connection reads of revocations may be answered here. Only the daemon knows: it is asked on the
/// client's own connection to it (`LEASE READER`), and what it says counts for a second. Times are milliseconds of the
/// boot clock.
struct ReadingRights: Sendable {
    /// One question on its way.
    struct Question: Sendable {
        fileprivate let generation: Int
        fileprivate let askedAt: Int64
    }

    /// So long a user whose rights were taken away is answered all the same.
    static let lifetime: Int64 = 1_000
    /// It is asked again in time.
    static let renewal = lifetime / 2

    private var generation = 0
    private var proven: (version: ProtocolVersion, askedAt: Int64)?
    private var isAsking = false
    private var nextQuestion = Int64.min

    /// The version of the protocol that answers are written in; nil if the daemon has to be asked.
    func version(at now: Int64) -> ProtocolVersion? {
        proven.flatMap { now - $0.askedAt < Self.lifetime ? $0.version : nil }
    }

    /// The connection, or its user, may be another from now on: what was asked before says nothing of it.
    mutating func forget() {
        generation += 1
        proven = nil
        isAsking = false
        nextQuestion = .min
    }

    /// - Returns: nil if it need not be asked now.
    mutating func ask(at now: Int64) -> Question? {
        guard !isAsking, now >= nextQuestion else { return nil }
        isAsking = true
        nextQuestion = now + Self.renewal
        return Question(generation: generation, askedAt: now)
    }

    mutating func answered(_ reply: [UInt8], to question: Question) {
        guard question.generation == generation else { return }
        isAsking = false
        let version: ProtocolVersion? =
            switch reply {
            case Array(":2\r\n".utf8): .two
            case Array(":3\r\n".utf8): .three
            default: nil
            }
        proven = version.map { ($0, question.askedAt) }
    }
}

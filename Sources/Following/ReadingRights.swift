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
    private var proven: (version: ProtocolVersion, epoch: [UInt8], askedAt: Int64)?
    private var isAsking = false
    private var nextQuestion = Int64.min

    /// The version of the protocol that answers are written in; nil if the daemon has to be asked.
    /// - Parameter epoch: of the copy. One of another denylist says nothing: a name may lead to several daemons.
    func version(at now: Int64, of epoch: [UInt8]?) -> ProtocolVersion? {
        guard let proven, now - proven.askedAt < Self.lifetime, proven.epoch == epoch else { return nil }
        return proven.version
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
        proven = Self.read(reply).map { ($0.version, $0.epoch, question.askedAt) }
    }

    /// `*2`, the version, the length of the epoch, the epoch.
    private static func read(_ reply: [UInt8]) -> (version: ProtocolVersion, epoch: [UInt8])? {
        let lines = String(decoding: reply, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        guard lines.count == 5, lines[0] == "*2", lines[3].utf8.count > 0, lines[2] == "$\(lines[3].utf8.count)",
            lines[1].first == ":", let version = Int(lines[1].dropFirst()).flatMap(ProtocolVersion.init), lines[4] == ""
        else { return nil }
        return (version, Array(lines[3].utf8))
    }
}

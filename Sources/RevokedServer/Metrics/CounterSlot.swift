import Contract

/// What is counted, by its place in ``ThreadCounters``.
struct CounterSlot: Sendable, BitwiseCopyable {
    let index: Int

    private init(_ index: Int) { self.index = index }

    static let connections = Self(0)
    static let rejectedConnections = Self(1)
    static let bytesIn = Self(2)
    static let bytesOut = Self(3)
    /// Writes refused because of `maxmemory`.
    static let refusedForMemory = Self(4)
    /// Commands of an unknown name.
    static let unknownCommands = Self(5)
    static let plainHits = Self(6)
    static let plainMisses = Self(7)
    static let guardedHits = Self(8)
    static let guardedMisses = Self(9)
    /// Error replies of all codes: what ``errors(_:)`` has in its parts.
    static let allErrors = Self(10)
    /// Connections of peers that speak another protocol.
    static let strangers = Self(11)
    /// Connections closed to make room for others.
    static let evictedConnections = Self(12)
    /// Connections closed because they did not authenticate in time.
    static let unauthenticatedConnections = Self(13)

    /// What users may not do: commands and keys. A wrong password is an ``errors(_:)`` of its own.
    static func denials(_ reason: DenialLog.Reason) -> Self {
        switch reason {
        case .command: Self(14)
        case .key: Self(15)
        case .channel: Self(25)
        case .auth: Self(71)
        case .certificate: Self(69)
        }
    }

    /// Connections closed because of their TLS handshake.
    static let failedHandshakes = Self(70)

    static let publishedMessages = Self(456)
    static let deliveredMessages = Self(457)
    /// Connections closed because they did not read their messages.
    static let slowSubscribers = Self(458)

    @inline(__always)
    static func lookups(isGuarded: Bool, hit: Bool) -> Self { Self(7 &+ (isGuarded ? 2 : 0) &- (hit ? 1 : 0)) }

    static func errors(_ code: ErrorCode) -> Self { Self(720 + code.rawValue) }

    /// There is room for seven scopes of six reasons.
    static func revocations(_ scope: Scope.Kind, _ reason: RevocationReason) -> Self {
        Self(26 + scope.place * RevocationReason.allCases.count + reason.rawValue)
    }

    /// The most commands that there is room for.
    static let maximumCommands = 128

    /// Executed, whatever they answered.
    @inline(__always)
    static func calls(_ command: Int) -> Self { Self(72 &+ command) }
    /// Refused before they were executed.
    static func rejections(_ command: Int) -> Self { Self(72 + maximumCommands + command) }
    /// Executed, and answered with an error.
    static func failures(_ command: Int) -> Self { Self(72 + 2 * maximumCommands + command) }
    /// Calls whose time was taken, and that time.
    static func timedCalls(_ command: Int) -> Self { Self(464 + command) }
    static func nanoseconds(_ command: Int) -> Self { Self(464 + maximumCommands + command) }
}

/// The first word of an error reply.
enum ErrorCode: Int, CaseIterable {
    case err, noauth, wrongpass, noperm, loading, misconf, oom, noproto, execabort, noscript, notbusy, other

    /// As it stands in the reply; Redis' `errorstat_`.
    var word: String { self == .other ? "other" : "\(self)".uppercased() }

    /// Of a reply without its mark.
    init(of reply: some Sequence<UInt8>) {
        let word = reply.prefix { $0 != UInt8(ascii: " ") }
        self = Self.allCases.first { $0 != .other && $0.word.utf8.elementsEqual(word) } ?? .other
    }
}

/// Why something was revoked, as far as there is a name for it: a reason may be any text, a metric's label may not.
enum RevocationReason: Int, CaseIterable {
    case logout, compromised, admin, rotated, other
    /// A cut-off, whose value has no room for a reason.
    case none

    var word: String { "\(self)" }

    /// - Parameter value: what was written.
    init(of value: RawSpan, _ scope: Scope.Kind) {
        self =
            if scope.isCutOff { .none } else if value.equals("logout") { .logout } else if value.equals("compromised") {
                .compromised
            } else if value.equals("admin") { .admin } else if Reason.isRotated(value) { .rotated } else { .other }
    }
}

extension Scope.Kind {
    fileprivate var place: Int {
        switch self {
        case .token: 0
        case .session: 1
        case .subject: 2
        case .client: 3
        case .all: 4
        case .key: 5
        }
    }

    /// As a metric's label.
    var label: String { "\(self)" }
}

import Contract

/// Why a store gave no usable answer. Holds no key, value or secret.
struct StoreFailure: Error, Sendable, Equatable {
    enum Code: Sendable {
        case unreachable
        case timedOut
        case cancelled
        case storeError
        case malformedReply
        case unsafeStore
        /// The store that took a write has no epoch.
        case epochMissing
        /// The store that took a write has another epoch than the pinned one.
        case epochChanged
        /// The lifetime of a write was calculated from terms that the denylist no longer has.
        case termsChanged
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let timedOut = StoreFailure(.timedOut, "the store did not answer in time")
    /// A call that was not sent.
    static let silent = StoreFailure(.timedOut, "the store has stopped answering: it is asked again in a moment")
    static let cancelled = StoreFailure(.cancelled, "the call was cancelled")
    static let clockUnknown = StoreFailure(.unreachable, "the store has not told its time yet")
    static let closed = StoreFailure(.unreachable, "the revocation list is closed")
    static let connectionLost = StoreFailure(.unreachable, "the connection to the store was lost")
    static let tooManyOutstanding = StoreFailure(.unreachable, "too many commands wait for the store's replies")
    static let termsChanged = StoreFailure(
        .termsChanged, "not acknowledged: the denylist's terms were changed while it was written")
    static let unexpectedReply = StoreFailure(.malformedReply, "the store's reply does not fit the command")
}

extension StoreFailure {
    init(_ violation: ReplyScanner.Violation) {
        switch violation {
        case .unsolicited: self.init(.malformedReply, "the store sent more replies than there were commands")
        case .tooLarge:
            self.init(.malformedReply, "the store announced a reply larger than any that it could be asked for")
        case .malformed: self.init(.malformedReply, "the store sent bytes that are no RESP2 reply")
        }
    }

    /// An error reply. Its text is dropped, because servers repeat arguments in it. Its code word is kept, if known.
    init(errorReply: [UInt8]) {
        if let refusal = Self.guardedRefusal(errorReply) {
            self.init(.storeError, "the daemon refused the write: \(refusal)")
            return
        }
        let word = String(decoding: errorReply.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        let meaning = Self.meanings[word]
        self.init(
            .storeError,
            meaning.map { "the store answered \(word): \($0)" }
                ?? "the store answered with an error of a kind unknown here")
    }

    /// The meaning of our daemon's refusal of a guarded key, in fixed words: the reply may hold arguments.
    private static func guardedRefusal(_ errorReply: [UInt8]) -> String? {
        let text = String(decoding: errorReply, as: UTF8.self)
        guard text.hasPrefix("ERR guarded key: ") else { return nil }
        return guardedRefusals.first { text.hasPrefix("ERR guarded key: \($0.beginning)") }?.meaning
            ?? "it breaks a rule for revocations"
    }

    private static let guardedRefusals: [(beginning: String, meaning: String)] = [
        ("a revocation lasts at most ", "it lasts longer than the daemon's setting max-revocation allows"),
        ("the value is longer than ", "the reason is longer than the daemon allows"),
    ]

    private static let meanings = [
        "BUSY": "it is running a script",
        "CLUSTERDOWN": "its cluster is down",
        "CROSSSLOT": "it is a cluster, and its nodes cannot answer this together",
        "DENIED": "its protected mode admits no other machine",
        "ERR": "it refused the command",
        "LOADING": "it is still loading its data",
        "MASTERDOWN": "it is a replica without its primary",
        "MISCONF": "it cannot write to its disk",
        "MOVED": "it is a cluster, and another of its nodes holds this key",
        "NOAUTH": "it asks for a password, and the URL has none",
        "NOPERM": "this user may not do that",
        "NOREPLICAS": "it has too few replicas to accept a write",
        "OOM": "its memory is full",
        "READONLY": "it is a replica and accepts no writes",
        "WRONGPASS": "it does not accept this user and password",
        "WRONGTYPE": "a key holds something that is no revocation",
    ]
}

extension UnknownCause {
    init(_ failure: StoreFailure) {
        let code: Code =
            switch failure.code {
            case .unreachable: .unreachable
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            case .storeError, .unsafeStore: .storeError
            case .malformedReply: .malformedReply
            case .epochMissing: .epochMissing
            case .epochChanged: .epochChanged
            case .termsChanged: .termsDisagree
            }
        self.init(code, failure.message)
    }
}

extension RevocationError {
    /// A write that failed because the state of the store could not be proven.
    init(_ cause: UnknownCause) {
        let code: Code =
            switch cause.code {
            case .unreachable: .unreachable
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            case .storeError: .storeError
            case .malformedReply: .malformedReply
            case .epochMissing: .epochMissing
            case .epochChanged: .epochChanged
            case .implausibleCutOff, .cutOffAhead: .implausibleCutOff
            case .clockSkewed: .unreachable
            case .unidentifiable: .unknownIssuer
            case .tooLongLived: .unrevocableToken
            case .termsDisagree: .termsDisagree
            }
        self.init(code, cause.message)
    }

    /// A write that was not acknowledged.
    init(_ failure: StoreFailure) {
        let code: Code =
            switch failure.code {
            case .unreachable: .unreachable
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            case .storeError: .storeError
            case .malformedReply: .malformedReply
            case .unsafeStore: .unsafeStore
            case .epochMissing: .epochMissing
            case .epochChanged: .epochChanged
            case .termsChanged: .termsChanged
            }
        self.init(code, failure.message)
    }
}

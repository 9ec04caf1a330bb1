import Contract

/// The pinned epoch and the terms read with it, with the exact bytes of the expected replies. Made once, and shared by
/// all calls.
final class PinnedEpoch: Sendable {
    /// Replies that hold a longer epoch are always parsed.
    private static let maximumBytes = 100
    /// The longest look-up whose reply is compared, in keys, the epoch's included.
    private static let maximumKeys = 9

    let epoch: [UInt8]
    /// nil for one that no lease is compared with.
    let words: EpochWords?
    let terms: TermsInForce
    private let omitsTermsOfWrites: Bool
    /// By ``PendingCall/ExpectedReply/Reply``. Empty where no reply is expected.
    private let replies: [[UInt8]]

    init(_ epoch: [UInt8], terms: TermsInForce, omitting omitted: OmittedProtection? = nil) {
        self.epoch = epoch
        words = EpochWords(epoch)
        self.terms = terms
        omitsTermsOfWrites = omitted == .termsOfWrites
        guard epoch.count <= Self.maximumBytes else {
            replies = []
            return
        }
        func bulk(_ value: [UInt8]?) -> [UInt8] {
            value.map { Array("$\($0.count)\r\n".utf8) + $0 + Array("\r\n".utf8) } ?? Array("$-1\r\n".utf8)
        }
        var replies: [[UInt8]] = [[]]
        for keyCount in 1...Self.maximumKeys {
            let nulls = String(repeating: "$-1\r\n", count: keyCount - 1)
            replies.append(Array("*\(keyCount)\r\n\(nulls)".utf8) + bulk(epoch))
        }
        replies.append(Array("+OK\r\n".utf8))
        replies.append(Array("*2\r\n".utf8) + bulk(terms.bytes) + bulk(epoch))
        self.replies = replies
    }

    /// The end of the expected reply, if it begins at `start`; nil if another reply does, or only a part of it has
    /// arrived.
    func end(of expected: PendingCall.ExpectedReply.Reply, in bytes: RawSpan, from start: Int) -> Int? {
        guard expected.rawValue < replies.count else { return nil }
        let reply = replies[Int(expected.rawValue)]
        guard !reply.isEmpty, bytes.holds(reply.span.bytes, at: start) else { return nil }
        return start &+ reply.count
    }

    /// Why a write with this witness is not acknowledged; nil if it is.
    /// - Parameter needsTerms: whether the lifetime written was calculated from the terms.
    func objection(to witness: Witness, needsTerms: Bool = true) -> StoreFailure? {
        if let mismatch = Epoch.mismatch(witness.epoch, pinned: epoch) {
            return StoreFailure(
                mismatch.code == .epochMissing ? .epochMissing : .epochChanged, "not acknowledged: \(mismatch.message)")
        }
        guard needsTerms, witness.terms != terms.bytes, !omitsTermsOfWrites else { return nil }
        return .termsChanged
    }
}

extension PendingCall {
    /// The reply that most calls get. It is compared in the input buffer, so nothing is allocated for it.
    struct ExpectedReply: Sendable {
        /// The reply itself.
        struct Reply: RawRepresentable, Sendable, Equatable {
            let rawValue: UInt8

            static let none = Reply(rawValue: 0)
            /// To a command that writes.
            static let ok = Reply(rawValue: 10)
            /// To ``Witness/command``.
            static let witness = Reply(rawValue: 11)

            /// To a look-up: only the last key exists, the epoch's.
            static func look(up keyCount: Int) -> Reply { Reply(rawValue: UInt8(truncatingIfNeeded: keyCount)) }
        }

        let reply: Reply
        let pinnedEpoch: PinnedEpoch
        /// The expected value of the last key of a look-up.
        var epoch: [UInt8] { pinnedEpoch.epoch }

        /// Of a look-up.
        init(keyCount: Int, pinnedEpoch: PinnedEpoch) {
            precondition((1..<Int(Reply.ok.rawValue)).contains(keyCount), "a check has a handful of keys")
            reply = .look(up: keyCount)
            self.pinnedEpoch = pinnedEpoch
        }

        private init(_ reply: Reply, _ pinnedEpoch: PinnedEpoch) {
            self.reply = reply
            self.pinnedEpoch = pinnedEpoch
        }

        /// Of a command that writes.
        static func acknowledgement(_ pinnedEpoch: PinnedEpoch) -> ExpectedReply { ExpectedReply(.ok, pinnedEpoch) }
    }
}

extension RawSpan {
    /// Whether all of `other` stands at an index.
    fileprivate func holds(_ other: RawSpan, at start: Int) -> Bool {
        guard other.byteCount <= byteCount &- start else { return false }
        var index = 0
        while index &+ 8 <= other.byteCount {
            guard
                unsafeLoadUnaligned(fromByteOffset: start &+ index, as: UInt64.self)
                    == other.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            else { return false }
            index &+= 8
        }
        while index < other.byteCount {
            guard
                unsafeLoad(fromByteOffset: start &+ index, as: UInt8.self)
                    == other.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            else { return false }
            index &+= 1
        }
        return true
    }
}

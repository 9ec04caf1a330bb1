/// The settings on which all processes of a denylist must agree (WireContract.md): the issuers with their labels, how
/// long their tokens live, and how far their clocks may be ahead. The terms are in the denylist itself, under ``key``,
/// and only grow.
///
/// One line of JSON, keys sorted, compared byte for byte:
///
/// ```json
/// {"issuers":[{"lead":0,"lifetimes":[{"ms":2592000000,"since":0}],"name":"revoked"}],"leeway":0,"v":1}
/// ```
public struct Terms: Sendable, Equatable {
    /// A plain key. The first process that finds none writes it; afterwards only `revoked terms` changes it.
    public static let key = "revoked.terms"

    /// The format's version, `v`.
    public static let version: Int64 = 1

    /// At least one. The first keeps its keys without a label, unless it was given one from the start.
    public let issuers: [Issuer]
    /// How long after `exp` a verifier may still accept a token, in milliseconds.
    public let leeway: Int64

    /// - Throws: ``ContractError/Code/invalidTerms``.
    public init(issuers: [Issuer], leeway: Int64 = 0) throws(ContractError) {
        self.issuers = issuers
        self.leeway = leeway
        try validate()
    }

    /// The issuer with this name; nil if the terms have none.
    /// - Parameter name: `iss`; nil for the only issuer.
    public func issuer(_ name: String?) -> Issuer? {
        if issuers.count == 1, name == nil || issuers[0].name == nil { return issuers[0] }
        return name.flatMap { name in issuers.first { $0.name?.isExactly(name) == true } }
    }

    /// The longest lifetime of any token, in milliseconds. A revocation of everything is kept as long.
    public var longestLifetime: Int64 { issuers.map(\.longestLifetime).max() ?? 0 }

    /// Byte for byte, as stores compare them.
    public static func == (one: Terms, other: Terms) -> Bool { one.bytes == other.bytes }
}

extension Terms {
    /// An issuer of tokens.
    public struct Issuer: Sendable {
        /// `iss`, exactly. nil for the only issuer, whatever its name, until there is another.
        public var name: String?
        /// A part of its keys; nil for the one issuer whose keys have no label.
        public var label: String?
        /// How far `iat` may be ahead of the store's clock, in milliseconds. A cut-off extends as far.
        public var lead: Int64
        /// Each is longer than the one before, and holds since a later time. The first holds since 0.
        public private(set) var lifetimes: [Lifetime]

        /// - Parameters:
        ///   - name: the `iss` of its tokens; nil for the only issuer.
        ///   - label: a part of its keys.
        ///   - lead: how far `iat` may be ahead of the store's clock, in milliseconds.
        ///   - lifetime: that of its longest-lived token, in milliseconds.
        public init(name: String?, label: String? = nil, lead: Int64 = 0, lifetime: Int64) {
            self.init(name: name, label: label, lead: lead, lifetimes: [Lifetime(milliseconds: lifetime, since: 0)])
        }

        init(name: String?, label: String?, lead: Int64, lifetimes: [Lifetime]) {
            self.name = name
            self.label = label
            self.lead = lead
            self.lifetimes = lifetimes
        }

        /// How long its revocations of sessions, subjects and clients are kept without the margin, in milliseconds: as
        /// long as any of its tokens may live.
        public var longestLifetime: Int64 { lifetimes.last?.milliseconds ?? 0 }

        /// How long a token may live, in milliseconds: the lifetime that held when it was issued. Earlier revocations
        /// are not kept longer.
        /// - Parameter issuedAt: `iat`, Unix milliseconds; nil is judged by the shortest.
        public func lifetime(ofTokenIssuedAt issuedAt: Int64?) -> Int64 {
            (lifetimes.last { $0.since <= issuedAt ?? 0 } ?? lifetimes.first)?.milliseconds ?? 0
        }

        /// Allows tokens issued from some time on to live longer. Does nothing if they may already.
        /// - Parameters:
        ///   - milliseconds: the new lifetime.
        ///   - since: the store's time, Unix milliseconds.
        public mutating func lengthen(to milliseconds: Int64, since: Int64) {
            guard milliseconds > longestLifetime else { return }
            lifetimes.append(Lifetime(milliseconds: milliseconds, since: max(since, (lifetimes.last?.since ?? 0) + 1)))
        }
    }

    /// The lifetime of tokens issued from some time on, until another one holds.
    public struct Lifetime: Sendable, Hashable {
        public let milliseconds: Int64
        /// Unix milliseconds.
        public let since: Int64

        public init(milliseconds: Int64, since: Int64) {
            self.milliseconds = milliseconds
            self.since = since
        }
    }
}

extension Limits {
    /// The longest terms.
    public static let maximumTermsBytes = 4_096
    /// Issuers in the terms.
    public static let maximumIssuers = 64
    /// Lifetimes that one issuer has had.
    public static let maximumLifetimes = 16
    /// The longest `iss` in the terms.
    public static let maximumIssuerNameBytes = 256
    /// The longest lifetime of a token, 399 days: the daemon keeps a revocation for 400, the margin included.
    public static let maximumLifetimeMilliseconds: Int64 = 399 * 86_400_000
}

// MARK: Validity

extension Terms {
    private func validate() throws(ContractError) {
        guard (1...Limits.maximumIssuers).contains(issuers.count) else {
            throw Self.invalid("there are 1 to \(Limits.maximumIssuers) issuers")
        }
        guard (0...Limits.maximumLeewayMilliseconds).contains(leeway) else {
            throw Self.invalid("the leeway is 0 to \(Limits.maximumLeewayMilliseconds) milliseconds")
        }
        for issuer in issuers { try issuer.validate() }
        guard issuers.count == 1 || issuers.allSatisfy({ $0.name != nil }) else {
            throw Self.invalid("among several issuers each has a name")
        }
        // Also names that look alike: an operator could not tell them apart.
        guard Set(issuers.map(\.name)).count == issuers.count else {
            throw Self.invalid("an issuer is named twice")
        }
        guard Set(issuers.map(\.label)).count == issuers.count else {
            throw Self.invalid("two issuers have the same label, or none: one's sub is not the other's")
        }
        guard bytes.count <= Limits.maximumTermsBytes else {
            throw Self.invalid("they are longer than \(Limits.maximumTermsBytes) bytes")
        }
    }

    static func invalid(_ why: String) -> ContractError {
        ContractError(.invalidTerms, "these are no terms of a denylist: \(why)")
    }
}

extension Terms.Issuer {
    fileprivate func validate() throws(ContractError) {
        if let name {
            guard (1...Limits.maximumIssuerNameBytes).contains(name.utf8.count),
                !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
            else {
                throw Terms.invalid(
                    "an issuer's name has 1 to \(Limits.maximumIssuerNameBytes) bytes, no control characters")
            }
        }
        // The error says what a label is.
        if let label { _ = try Namespace(issuerLabel: label) }
        guard (0...Limits.maximumIssuerLeadMilliseconds).contains(lead) else {
            throw Terms.invalid("an issuer's lead is 0 to \(Limits.maximumIssuerLeadMilliseconds) milliseconds")
        }
        guard (1...Limits.maximumLifetimes).contains(lifetimes.count), lifetimes[0].since == 0 else {
            throw Terms.invalid(
                "an issuer has 1 to \(Limits.maximumLifetimes) lifetimes, of which the first holds since 0")
        }
        var before: Terms.Lifetime?
        for lifetime in lifetimes {
            guard (1...Limits.maximumLifetimeMilliseconds).contains(lifetime.milliseconds),
                (0...Terms.latestTime).contains(lifetime.since)
            else {
                throw Terms.invalid("a lifetime is 1 to \(Limits.maximumLifetimeMilliseconds) milliseconds, 399 days")
            }
            if let before {
                guard lifetime.milliseconds > before.milliseconds, lifetime.since > before.since else {
                    throw Terms.invalid("each lifetime is longer, and holds since later, than the one before")
                }
            }
            before = lifetime
        }
    }
}

extension Terms {
    /// Eighteen digits, as for cut-offs.
    static let latestTime: Int64 = 999_999_999_999_999_999
}

// MARK: Growing

extension Terms {
    /// Whether `new` contains these terms, and perhaps more.
    public func grows(to new: Terms) -> Bool { shrinkage(to: new) == nil }

    /// What `new` removes from these terms, which is not allowed; nil if it only adds to them.
    public func shrinkage(to new: Terms) -> String? {
        guard new.issuers.count >= issuers.count else { return "an issuer is missing" }
        for (old, new) in zip(issuers, new.issuers) {
            if let shrinkage = old.shrinkage(to: new) { return shrinkage }
        }
        return new.leeway >= leeway ? nil : "the leeway is shorter"
    }
}

extension Terms.Issuer {
    fileprivate func shrinkage(to new: Terms.Issuer) -> String? {
        func same(_ one: String?, _ other: String?) -> Bool {
            one.map { Array($0.utf8) } == other.map { Array($0.utf8) }
        }
        guard name == nil || same(name, new.name) else { return "an issuer is missing, or stands elsewhere" }
        guard same(label, new.label) else { return "an issuer's label is another: its revocations would be lost" }
        guard new.lead >= lead else { return "an issuer's lead is shorter" }
        guard new.lifetimes.starts(with: lifetimes) else { return "a lifetime is missing, or another" }
        return nil
    }
}

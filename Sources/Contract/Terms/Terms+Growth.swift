/// An operator's additions to the terms of a denylist: behind `revoked terms`.
public struct TermsGrowth: Sendable {
    /// Names the only issuer, which had no name.
    public var name: String?
    /// Whether an operator says that no token of any other issuer was revoked or checked so far. Without a name all
    /// issuers share their keys: those of others would be looked up elsewhere from then on.
    public var hadNoOthers = false
    /// New issuers with their labels, in order.
    public var added: [(name: String, label: String)] = []
    /// Longer lifetimes of tokens in milliseconds, by issuer; nil names the only one.
    public var lifetimes: [(issuer: String?, milliseconds: Int64)] = []
    /// Longer leads in milliseconds, likewise.
    public var leads: [(issuer: String?, milliseconds: Int64)] = []
    /// In milliseconds.
    public var leeway: Int64?

    /// The lifetime of an issuer's tokens if none is given, in milliseconds: 30 days.
    public static let usualLifetime: Int64 = 30 * 86_400_000
    /// How far an issuer's clock may be ahead if nothing is given, in milliseconds.
    public static let usualLead: Int64 = 2_000

    public init() {}

    /// Whether nothing is to change.
    public var isEmpty: Bool {
        name == nil && added.isEmpty && lifetimes.isEmpty && leads.isEmpty && leeway == nil
    }

    /// The terms with everything added.
    /// - Parameter terms: nil for a denylist that has none: then the first issuer added may go without a label.
    /// - Parameter now: the store's time, Unix milliseconds: tokens issued from then on may live longer.
    /// - Throws: ``ContractError/Code/invalidTerms`` for what cannot be added, or would take something back.
    public func applied(to terms: Terms?, now: Int64) throws(ContractError) -> Terms {
        var issuers = terms?.issuers ?? [Terms.Issuer(name: nil, lifetime: Self.usualLifetime)]
        if let name {
            guard issuers.count == 1, issuers[0].name == nil || issuers[0].name == name else {
                throw Terms.invalid("only an issuer without a name can be named, and there is none")
            }
            guard terms == nil || issuers[0].name != nil || hadNoOthers else {
                throw Terms.invalid(
                    """
                    the denylist names no issuer so far, so revocations of all issuers stand together; what was revoked \
                    of an issuer other than \(name) would not be found any more. If there is no such revocation, and \
                    every program that checks such tokens without a setting for issuers is stopped, say so: --no-others
                    """)
            }
            issuers[0].name = name
        }
        for new in added {
            guard !issuers.contains(where: { $0.name == new.name }) else {
                throw Terms.invalid("the issuer \(new.name) is there already; a label stays what it is")
            }
            issuers.append(
                Terms.Issuer(
                    name: new.name, label: new.label, lead: Self.usualLead,
                    // Later options about it hold from the start.
                    lifetime: lifetimes.last { $0.issuer == new.name }?.milliseconds ?? Self.usualLifetime))
        }
        for (issuer, milliseconds) in lifetimes {
            let index = try Self.index(of: issuer, in: issuers)
            // Without terms nothing can shrink.
            let isFirst = terms == nil && index == 0
            guard isFirst || milliseconds >= issuers[index].longestLifetime else {
                throw Terms.invalid(
                    "a lifetime only grows: \(issuers[index].longestLifetime / 1_000) s is allowed already")
            }
            if isFirst {
                issuers[index] = Terms.Issuer(
                    name: issuers[index].name, label: issuers[index].label, lead: issuers[index].lead,
                    lifetime: milliseconds)
            } else {
                issuers[index].lengthen(to: milliseconds, since: now)
            }
        }
        for (issuer, milliseconds) in leads {
            let index = try Self.index(of: issuer, in: issuers)
            let isNew = added.contains { $0.name == issuers[index].name }
            guard isNew || milliseconds >= issuers[index].lead else {
                throw Terms.invalid("a lead only grows: \(issuers[index].lead) ms is allowed already")
            }
            issuers[index].lead = milliseconds
        }
        if let leeway, let before = terms?.leeway, leeway < before {
            throw Terms.invalid("the leeway only grows: \(before) ms is allowed already")
        }
        return try Terms(issuers: issuers, leeway: leeway ?? terms?.leeway ?? 0)
    }

    private static func index(of issuer: String?, in issuers: [Terms.Issuer]) throws(ContractError) -> Int {
        if issuers.count == 1, issuer == nil || issuers[0].name == nil { return 0 }
        guard let issuer else {
            throw Terms.invalid("there are several issuers: name one, as iss=value")
        }
        guard let index = issuers.firstIndex(where: { $0.name == issuer }) else {
            throw Terms.invalid("there is no issuer \(issuer): add it with its label, --add iss=label")
        }
        return index
    }
}

extension Terms {
    /// The differences between these terms and `new`, in words; empty if there are none.
    public func changes(to new: Terms) -> [String] {
        var changes: [String] = []
        for (index, issuer) in new.issuers.enumerated() {
            let title = issuer.name ?? "the only issuer"
            guard index < issuers.count else {
                changes.append("\(title) is added: \(issuer.summary)")
                continue
            }
            let old = issuers[index]
            if old.name != issuer.name { changes.append("the only issuer is called \(title)") }
            if old.longestLifetime != issuer.longestLifetime {
                changes.append(
                    "tokens of \(title) that are issued from now on may live for \(issuer.longestLifetime / 1_000) s instead "
                        + "of \(old.longestLifetime / 1_000) s, and its revocations are kept for as long")
            }
            if old.lead != issuer.lead {
                changes.append("the lead of \(title) is \(issuer.lead) ms instead of \(old.lead) ms")
            }
        }
        if new.leeway != leeway { changes.append("the leeway is \(new.leeway) ms instead of \(leeway) ms") }
        return changes
    }
}

extension Terms.Issuer {
    /// What the terms say of it, in words.
    public var summary: String {
        (label.map { "label \($0)" } ?? "no label") + ", tokens live for up to \(longestLifetime / 1_000) s"
            + (lead > 0 ? ", iat up to \(lead) ms ahead" : "")
    }
}

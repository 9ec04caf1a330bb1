import Contract

/// The terms that this process needs. Those of the denylist may say more.
struct WantedTerms: Sendable {
    struct Issuer: Sendable {
        /// nil for the only issuer, whatever its name.
        var name: String?
        /// nil if any will do.
        var label: String?
        /// In milliseconds.
        var lead: Int64
        /// Of its longest-lived token, in milliseconds; nil if this process knows nothing of it.
        var lifetime: Int64?
    }

    /// The assumed lifetime of tokens if none is configured, in milliseconds.
    private static let usualLifetime: Int64 = 30 * 86_400_000

    private let prefix: String
    private let issuers: [Issuer]
    private let leeway: Int64
    /// Of tokens without `exp`, in milliseconds; nil if they are refused.
    private let lifetimeWithoutExpiry: Int64?
    /// Whether the denylist's terms are ignored: in the laboratory.
    private let omitsTerms: Bool
    /// The terms that this process writes if the denylist has none.
    let first: Terms

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` for issuers without distinct labels, or an invalid
    ///   label.
    init(_ configuration: RevocationConfiguration) throws(RevocationError) {
        let common = [configuration.longestRefreshLifetime, configuration.maximumTokenLifetime].compactMap { $0 }.max()
        issuers =
            configuration.issuers.isEmpty
            ? [Issuer(name: nil, label: nil, lead: configuration.lead(of: nil), lifetime: common?.milliseconds)]
            : configuration.issuers.map { issuer in
                let own = [issuer.lifetime ?? configuration.longestRefreshLifetime, configuration.maximumTokenLifetime]
                return Issuer(
                    name: issuer.name, label: issuer.label, lead: configuration.lead(of: issuer.name),
                    lifetime: own.compactMap { $0 }.max()?.milliseconds)
            }
        prefix = configuration.namespace.prefix
        leeway = configuration.leeway.milliseconds
        lifetimeWithoutExpiry = configuration.maximumTokenLifetime?.milliseconds
        omitsTerms = configuration.omitted == .terms
        do throws(ContractError) {
            first = try Terms(
                issuers: issuers.map { issuer in
                    Terms.Issuer(
                        name: issuer.name, label: issuer.label, lead: issuer.lead,
                        lifetime: max(1, issuer.lifetime ?? Self.usualLifetime))
                }, leeway: leeway)
        } catch {
            throw RevocationError(.invalidConfiguration, error.message, cause: error)
        }
    }

    /// The terms to apply, given those of the denylist.
    /// - Parameter bytes: the terms that it holds; nil if it has none.
    /// - Parameter known: its earlier terms, in case it lost them.
    /// - Throws: ``UnknownCause/Code/termsDisagree`` for terms that cannot be read.
    func inForce(_ bytes: [UInt8]?, known: Terms? = nil) throws(UnknownCause) -> TermsInForce {
        do throws(ContractError) {
            let terms =
                try bytes.map { (bytes) throws(ContractError) in omitsTerms ? first : try Terms(bytes) } ?? known
                ?? first
            return try TermsInForce(terms, prefix: prefix, bytes: bytes, assuming: assumed)
        } catch {
            throw UnknownCause(.termsDisagree, "the denylist's terms (\(Terms.key)) cannot be used: \(error.message)")
        }
    }

    private func assumed(of issuer: Terms.Issuer) -> AssumedLifetimes {
        let known = issuers.first { wanted in
            guard let name = wanted.name, let other = issuer.name else { return true }
            return name.isExactly(other)
        }
        return AssumedLifetimes(withoutIssueTime: known?.lifetime, withoutExpiry: lifetimeWithoutExpiry)
    }

    /// What the terms lack, with the command that adds it; nil if they suffice.
    func disagreement(with terms: Terms) -> String? {
        var differences: [Difference] = []
        if terms.issuers.count == 1, terms.issuers[0].name == nil, issuers.count > 1, let name = issuers[0].name {
            differences.append(Difference("their only issuer has no name yet", "--name \(Self.quoted(name))"))
        }
        for (index, issuer) in issuers.enumerated() {
            // An unnamed issuer matches the first only.
            let known = index > 0 && terms.issuers[0].name == nil ? nil : terms.issuer(issuer.name)
            if let known {
                differences += issuer.differences(from: known)
            } else if issuer.name != nil {
                differences.append(issuer.absence)
            } else if let lifetime = issuer.lifetime, lifetime > terms.longestLifetime {
                differences.append(
                    Difference(
                        "no token lives for longer than \(Self.seconds(terms.longestLifetime)) s, and for "
                            + "\(Self.seconds(lifetime)) s here: name the issuer in the settings", nil))
            }
        }
        if leeway > terms.leeway {
            differences.append(
                Difference(
                    "the leeway is \(Self.seconds(terms.leeway)) s, and \(Self.seconds(leeway)) s here",
                    "--leeway \(Self.seconds(leeway))"))
        }
        guard !differences.isEmpty else { return nil }
        let options = differences.compactMap(\.option)
        return "the denylist's terms and the settings of this process disagree: "
            + differences.map(\.text).joined(separator: "; ")
            + (options.isEmpty
                ? "" : ". To change the terms run: revoked terms --backend URL " + options.joined(separator: " "))
    }

    fileprivate struct Difference {
        let text: String
        /// The option of `revoked terms`; nil if that cannot change it.
        let option: String?

        init(_ text: String, _ option: String?) {
            self.text = text
            self.option = option
        }
    }

    /// For a shell.
    fileprivate static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-._:/@%+,=".utf8.contains(byte)
        }
        return isPlain ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }

    /// Seconds, without a fraction if it is zero.
    fileprivate static func seconds(_ milliseconds: Int64) -> String {
        milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)" : "\(Double(milliseconds) / 1_000)"
    }
}

extension WantedTerms.Issuer {
    private var title: String { name.map { "issuer \($0)" } ?? "the only issuer" }

    private func option(_ name: String, _ value: String) -> String {
        "--\(name) " + WantedTerms.quoted((self.name.map { $0 + "=" } ?? "") + value)
    }

    fileprivate var absence: WantedTerms.Difference {
        var options = [option("add", label ?? "LABEL")]
        if let lifetime { options.append(option("lifetime", WantedTerms.seconds(lifetime))) }
        if lead > 0 { options.append(option("lead", WantedTerms.seconds(lead))) }
        return WantedTerms.Difference("\(title) is not among theirs", options.joined(separator: " "))
    }

    fileprivate func differences(from terms: Terms.Issuer) -> [WantedTerms.Difference] {
        var differences: [WantedTerms.Difference] = []
        // Without a configured label the terms' label applies.
        if let label, label != terms.label {
            differences.append(
                WantedTerms.Difference(
                    "revocations of \(title) stand \(Self.place(terms.label)), and \(Self.place(label)) here: "
                        + "a label stays what it is, change the setting", nil))
        }
        // The lead of an unnamed issuer is unknown: what is usual need not be in the terms.
        if lead > (name == nil ? max(terms.lead, TermsGrowth.usualLead) : terms.lead) {
            differences.append(
                WantedTerms.Difference(
                    "the lead of \(title) is \(WantedTerms.seconds(terms.lead)) s, and \(WantedTerms.seconds(lead)) s here",
                    option("lead", WantedTerms.seconds(lead))))
        }
        if let lifetime, lifetime > terms.longestLifetime {
            differences.append(
                WantedTerms.Difference(
                    "tokens of \(title) live for up to \(WantedTerms.seconds(terms.longestLifetime)) s, and "
                        + "\(WantedTerms.seconds(lifetime)) s here",
                    option("lifetime", WantedTerms.seconds(lifetime))))
        }
        return differences
    }

    private static func place(_ label: String?) -> String { label.map { "under the label \($0)" } ?? "without a label" }
}

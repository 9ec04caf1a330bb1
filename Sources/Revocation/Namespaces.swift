import Contract

/// Where each issuer's revocations stand.
struct Namespaces: Sendable {
    private let only: Namespace?
    private let labelled: [String: Namespace]

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if a label cannot be one, or two issuers share it.
    init(_ configuration: RevocationConfiguration) throws(RevocationError) {
        guard Set(configuration.issuerLabels.values).count == configuration.issuerLabels.count else {
            throw RevocationError(
                .invalidConfiguration, "two issuers have the same label: one's sub is not the other's")
        }
        var labelled: [String: Namespace] = [:]
        for (issuer, label) in configuration.issuerLabels {
            do throws(ContractError) {
                labelled[issuer] = try Namespace(prefix: configuration.namespace.prefix, issuerLabel: label)
            } catch {
                throw RevocationError(.invalidConfiguration, error.message, cause: error)
            }
        }
        only = labelled.isEmpty ? configuration.namespace : nil
        self.labelled = labelled
    }

    /// - Parameter issuer: `iss`; nil where there is only one.
    /// - Returns: nil for an issuer without a label among others that have one.
    func namespace(of issuer: String?) -> Namespace? {
        only ?? issuer.flatMap { labelled[$0] }
    }
}

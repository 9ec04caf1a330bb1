/// A protection that a node can do without. Only the laboratory makes such nodes, to show what the protection is for.
package enum OmittedNodeProtection: Sendable {
    /// The right password is needed to log in.
    case passwords
    /// A refresh token does not pass as an access token.
    case tokenKinds
}

/// Why a rule cannot be applied, in Redis' words.
struct AccessRuleError: Error, Equatable {
    let message: String

    private init(_ message: String) { self.message = message }

    static let unknownCommand = Self("Unknown command or category name in ACL")
    static let syntax = Self("Syntax error")
    static let patternAfterAll = Self(
        "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try "
            + "'resetkeys' to start with an empty list of patterns")
    static let channelAfterAll = Self(
        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. "
            + "Try 'resetchannels' to start with an empty list of channels")
    static let digestForm = Self(
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters")
    static let noSuchPassword = Self("The password you are trying to remove from the user does not exist")
    static let firstArgumentOfSubcommand = Self("Allowing first-arg of a subcommand is not supported")

    /// A limit of ours.
    static func tooMany(_ what: String, _ limit: Int) -> Self { Self("a user has at most \(limit) \(what)") }
    static let patternTooLong = Self("a pattern has at most \(GlobPattern.maximumLength) bytes")
}

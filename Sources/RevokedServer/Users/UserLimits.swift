/// What a user may hold: rules are matched at each command, and come from files and clients.
enum UserLimits {
    static let users = 1000
    static let passwords = 32
    static let selectors = 16
    /// Key patterns of a selector; and channel patterns.
    static let patterns = 128
    /// Rules about commands that a selector keeps.
    static let commandRules = 256
    static let nameBytes = 256
    static let fileBytes = 4 << 20
}

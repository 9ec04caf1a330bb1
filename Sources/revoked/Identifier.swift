import ArgumentParser

/// An identifier on the command line. It may begin with a hyphen, as one in 64 of those in base64url does.
///
/// Not an option of ours, which is what stands there if a script's variable was empty: `--session $SID --json`.
struct Identifier: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        let isOption = argument == "-h" || argument.wholeMatch(of: /--[a-z-]*(=.*)?/) != nil
        guard !isOption else { return nil }
        text = argument
    }
}

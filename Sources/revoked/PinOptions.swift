import ArgumentParser

/// Which store a command believes: without either, whatever answers.
struct PinOptions: ParsableArguments {
    @Option(help: "The store's epoch: an answer of any other store is not believed.") var epoch: String?
    @Option(help: "A file that keeps the epoch met first, for the next time.") var stateFile: String?
}

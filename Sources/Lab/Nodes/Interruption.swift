import UnixSignals

/// Ends a load early on Ctrl-C: what was found until then is reported all the same.
struct Interruption {
    private let task: Task<Void, Never>

    init(of control: NodeLoadControl) {
        task = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { control.stop() }
        }
    }

    func end() { task.cancel() }
}

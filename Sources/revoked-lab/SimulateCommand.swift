import ArgumentParser
import Lab

/// `revoked-lab simulate`: streams, leases and followers on a simulated network, disk and clocks.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Look for a history of daemon, followers and faults in which a revoked token would pass.",
        discussion: """
            Each history follows from its seed alone. One that breaks a rule is shortened and printed, and the command \
            ends with status 1. With --planted a rule is broken on purpose, to see that it is noticed.
            """)

    @Option(help: "The seed of the first history.") var seed: UInt64 = 1
    @Option(help: "How many histories; 0: until it is stopped.") var histories = 100_000
    @Option(help: "Steps of each history.") var steps = 150
    @Option(help: "The most followers of a history.") var followers = 3
    @Option(help: "The most faults of a history.") var faults = 4
    @Option(help: "Play all small histories of so many steps instead.") var exhaustive: Int?
    @Flag(help: "Print the history as it was found, not a shorter one.") var noShorten = false
    @Option(help: "Break this rule: \(PlantedFault.allCases.map(\.rawValue).joined(separator: ", ")).")
    var planted: String?

    private var fault: PlantedFault? { planted.flatMap(PlantedFault.init) }

    func validate() throws {
        guard planted == nil || fault != nil else { throw ValidationError("there is no rule named \(planted ?? "")") }
        guard histories >= 0, (1...10_000).contains(steps), (1...16).contains(followers), (0...100).contains(faults)
        else { throw ValidationError("steps are 1 to 10000, followers 1 to 16, faults 0 to 100") }
        guard exhaustive.map({ (1...20).contains($0) }) ?? true else {
            throw ValidationError("small histories have 1 to 20 steps")
        }
    }

    func run() throws {
        if let exhaustive {
            var progress = SimulationProgress()
            let found = Simulation.exhaust(steps: exhaustive, planted: fault) {
                progress.show($0, of: nil)
                return false
            }
            progress.end()
            print("\(found.played) small histories, two followers, one write, at most one fault")
            guard let violation = found.violation else { return print("no rule is broken") }
            print("broken: \(violation)")
            throw ExitCode.failure
        }
        var plan = HistoryPlan()
        (plan.steps, plan.followers, plan.faults, plan.planted) = (steps, followers, faults, fault)
        var progress = SimulationProgress()
        let found = Simulation.search(plan, from: seed) { played in
            progress.show(played, of: histories == 0 ? nil : histories)
            return histories > 0 && played >= histories
        }
        progress.end()
        guard let found else { return print("\(histories) histories from seed \(seed): no rule is broken") }
        let short = noShorten ? found : Simulation.shortened(found)
        print(Simulation.tell(short).joined(separator: "\n"))
        print("history \(found.played + 1), seed \(found.seed)")
        throw ExitCode.failure
    }
}

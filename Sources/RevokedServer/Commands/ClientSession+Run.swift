import Denylist
import RESP
import Synchronization

extension ClientSession {
    /// Executes requests that are alike and ask for one key each whether it is there (`EXISTS`): a check, to most
    /// clients. Together they cost half of what they cost one by one, and answer the same.
    /// - Parameter numbers: which of them; not empty; at most ``Denylist/Presence/most``.
    /// - Returns: false if they are to be executed one by one.
    @inline(__always)
    mutating func performChecks(
        _ request: Request, _ numbers: Range<Int>, of batch: borrowing RequestBatch, _ input: RawSpan,
        _ worker: inout Worker
    ) -> Bool {
        guard request.tag >= 0, request.count == 2, worker.commands.commands[request.tag].id == .exists,
            !OwnKey.mayHave(length: batch.argument(request.first + 1).range.count), mayRead(worker)
        else { return false }
        check(request, numbers, of: batch, input, &worker)
        return true
    }

    @inline(never)
    private mutating func check(
        _ request: Request, _ numbers: Range<Int>, of batch: borrowing RequestBatch, _ input: RawSpan,
        _ worker: inout Worker
    ) {
        client.lastCommand.store(request.tag, ordering: .relaxed)
        let first = batch.argument(request.first + 1).note + numbers.lowerBound
        let presence = worker.presence(first..<(first + numbers.count))
        var there = presence.there
        if presence.open != 0 {
            for index in 0..<numbers.count where presence.open >> UInt64(index) & 1 != 0 {
                let number = numbers.lowerBound + index
                let arguments = Arguments(of: request, number: number, in: batch, input: input)
                if worker.contains(1, of: arguments) { there |= 1 << UInt64(index) }
            }
        }
        worker.count(there: there, guarded: presence.isGuarded, of: numbers.count)
        worker.reply.integers(there, count: numbers.count)
        worker.counters.add(numbers.count, to: .calls(request.tag))
    }
}

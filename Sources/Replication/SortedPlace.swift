extension Array {
    /// Where something is in an array that is in order, or would be.
    /// - Parameter isBefore: whether an element is before it.
    package func place(_ isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

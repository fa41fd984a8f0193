namespace Flyscan.Hardware.Capture;

/// <content>Reading back what was captured.</content>
internal sealed partial class SampleRecorder
{
    /// <summary>Rows [first, first + count) of a dataset of numbers, among those written.</summary>
    public Task<double[]> ReadNumbersAsync(string dataset, long first, long count, CancellationToken cancel) =>
        _store.ReadNumbersAsync(dataset, first, count, cancel);
}

using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Hdf5;

/// <summary>Files that a detector's own writer left, whose numbers do not name triggers.</summary>
public sealed class ForeignSegmentTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();
    private readonly SegmentSalvage _salvage = new(
        TimeProvider.System, TimeSpan.FromSeconds(60), AreaDetectorKept.HasNothingDecided);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Its_rows_are_counted_and_belong_to_no_trigger()
    {
        Directory.CreateDirectory(_folder.File("data"));
        var spec = new SegmentSpec(_folder.File("data/cam.0001.h5"), [new DatasetSpec("/entry/number", "<i4", [], 64)], []);
        await using (var store = await new Hdf5FrameStoreFactory().CreateAsync(spec, None))
        {
            await store.AppendAsync([new byte[4 * 7]], 7, None);
            await store.CloseAsync(None);
        }
        var dataset = new SegmentDataset("n", "/entry/number", "<i4", [], null, "frame-number", null, 64);
        var segment = new SegmentState(new Segment("cam", 1, "data/cam.0001.h5", [dataset]), "s", 0);
        var found = Assert.IsType<Outcome<EquatableArray<SegmentRun>>.Completed>(
            await _salvage.SalvageAsync(_folder.Path, segment, None)).Value;
        Assert.Equal([new SegmentRun(1, "s", -7, 7, 0)], found);
        // Whatever take asks: none of its triggers is among them.
        Assert.All(FrameLedger.HoldingOf("s", found).Runs, run => Assert.True(run.FirstTrigger + run.Count <= 0));
    }

    /// <summary>Cut off as one was whose IOC was killed while it made it.</summary>
    [Theory]
    [InlineData(0L, true)]
    [InlineData(3L, false)]
    [InlineData(null, false)]
    public async Task A_file_that_cannot_be_read_is_empty_only_if_nothing_was_ever_read_from_it(long? decided, bool isEmpty)
    {
        Directory.CreateDirectory(_folder.File("data"));
        byte[] beginning = [0x89, .. "HDF\r\n\x1a\n"u8, .. new byte[40]];
        File.WriteAllBytes(_folder.File("data/cam.0001.h5"), beginning);
        if (decided is { } rows)
            File.WriteAllBytes(
                _folder.File("data/cam.0001.staged"),
                new AreaDetectorLedger("s", 1, "/there/", "cam.0001", rows, [], rows, null).ToBytes());
        var dataset = new SegmentDataset("n", "/entry/number", "<i4", [], null, "frame-number", null, 64);
        var segment = new SegmentState(new Segment("cam", 1, "data/cam.0001.h5", [dataset]), "s", 0);
        var found = await _salvage.SalvageAsync(_folder.Path, segment, None);
        if (isEmpty)
            Assert.Empty(Assert.IsType<Outcome<EquatableArray<SegmentRun>>.Completed>(found).Value);
        else
            Assert.Contains("cam.0001.h5 cannot be read back", found.Problem);
    }

    [Fact]
    public void A_number_is_taken_as_soon_as_it_is_staged()
    {
        Directory.CreateDirectory(_folder.File("data"));
        File.WriteAllText(_folder.File("data/cam.0002.staged"), "");
        File.WriteAllText(_folder.File("data/cam.0007.txt"), "");
        File.WriteAllText(_folder.File("data/camera.0009.h5"), "");
        Assert.Equal(3, _salvage.NextNumber(_folder.Path, "cam"));
        File.WriteAllText(_folder.File("data/cam.0003.h5"), "");
        Assert.Equal(4, _salvage.NextNumber(_folder.Path, "cam"));
    }
}

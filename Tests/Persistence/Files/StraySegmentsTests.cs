using Flyscan.Persistence.Files;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Persistence.Files;

public sealed class StraySegmentsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Only_files_that_the_journal_does_not_name_are_set_aside_and_none_is_lost()
    {
        Directory.CreateDirectory(_folder.File("data"));
        foreach (var name in new[] { "cam.0001.h5", "cam.0002.h5", "cam.0002.h5.unused", "notes.txt" })
            File.WriteAllText(_folder.File($"data/{name}"), name);
        var opened = new ScanEvent.SegmentOpened(0, new Segment("cam", 1, "data/cam.0001.h5", []), "s1", 0);

        Assert.Equal([_folder.File("data/cam.0002.h5.unused2")], StraySegments.SetAside(_folder.Path, [opened]));

        Assert.Equal(
            ["cam.0001.h5", "cam.0002.h5.unused", "cam.0002.h5.unused2", "notes.txt"],
            Directory.GetFiles(_folder.File("data")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.Equal("cam.0002.h5", File.ReadAllText(_folder.File("data/cam.0002.h5.unused2")));
    }

    [Fact]
    public void A_run_that_opened_nothing_has_no_strays() => Assert.Empty(StraySegments.SetAside(_folder.Path, []));
}

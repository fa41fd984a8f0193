using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.Hdf5;

/// <summary>What every frame store promises.</summary>
public abstract class FrameStoreContractTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();

    internal string FilePath => _folder.File("cam.0001.h5");

    internal abstract IFrameStoreFactory Factory { get; }

    [Fact]
    public async Task Counts_what_is_written_and_what_is_recorded()
    {
        await using var store = await Factory.CreateAsync(ChildWriter.Spec(FilePath), None);
        await store.AppendAsync(ChildWriter.Frames(0, 7), 7, None);
        Assert.Equal((7, 0), (store.Written, store.Recorded));
        Assert.Equal(7, await store.FlushAsync(true, None));
        await store.AppendAsync(ChildWriter.Frames(7, 3), 3, None);
        Assert.Equal((10, 7), (store.Written, store.Recorded));
        Assert.Equal(10, await store.CloseAsync(None));
        Assert.Equal((10, 10), (store.Written, store.Recorded));
    }

    [Fact]
    public async Task A_file_that_exists_is_never_overwritten()
    {
        await using var first = await Factory.CreateAsync(ChildWriter.Spec(FilePath), None);
        var refusal = await Assert.ThrowsAsync<IOException>(() => Factory.CreateAsync(ChildWriter.Spec(FilePath), None));
        Assert.StartsWith($"{FilePath}: exists already", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_segment_refuses_appends_and_flushes_and_closes_again()
    {
        var store = await Factory.CreateAsync(ChildWriter.Spec(FilePath), None);
        await store.AppendAsync(ChildWriter.Frames(0, 5), 5, None);
        await store.CloseAsync(None);
        var append = await Assert.ThrowsAsync<IOException>(() => store.AppendAsync(ChildWriter.Frames(5, 1), 1, None));
        await Assert.ThrowsAsync<IOException>(() => store.FlushAsync(false, None));
        Assert.Contains("closed with 5 frames", append.Message, StringComparison.Ordinal);
        Assert.Equal(5, await store.CloseAsync(None));
    }

    [Fact]
    public async Task Columns_of_the_wrong_length_are_refused_before_anything_is_written()
    {
        await using var store = await Factory.CreateAsync(ChildWriter.Spec(FilePath), None);
        await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync(ChildWriter.Frames(0, 3), 4, None));
        await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync(ChildWriter.Frames(0, 3)[..2], 3, None));
        Assert.Equal(0, store.Written);
    }

    [Fact]
    public async Task A_cancelled_append_writes_nothing()
    {
        await using var store = await Factory.CreateAsync(ChildWriter.Spec(FilePath), None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.AppendAsync(ChildWriter.Frames(0, 3), 3, new CancellationToken(canceled: true)));
        Assert.Equal(0, store.Written);
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _folder.Dispose();
    }
}

public sealed class Hdf5FrameStoreContractTests : FrameStoreContractTests
{
    internal override IFrameStoreFactory Factory { get; } = new Hdf5FrameStoreFactory();
}

public sealed class InMemoryFrameStoreContractTests : FrameStoreContractTests
{
    internal override IFrameStoreFactory Factory { get; } = new InMemoryFrameStoreFactory();
}
